"""What an account may do in a minute, and what is left of it: arithmetic alone, without a clock.

Requests and tokens come back evenly. Not the whole minute's worth can be taken at once, since
providers count in shorter windows than they say.
"""

import math
from collections.abc import Mapping
from typing import Final

from earmark.db.models import Model

_MINUTE: Final = 60.0
_BURST: Final = 5.0
"""Seconds of work that may be taken at once after a rest."""
_SHARE: Final = 0.95
"""Of what a provider says is allowed: its clock is not ours."""


class Seen(Model):
    """What an answer's headers say; 0 or null where they do not."""

    requests_limit: int = 0
    tokens_limit: int = 0
    requests_left: int | None = None
    tokens_left: int | None = None

    @property
    def is_scarce(self) -> bool:
        """Whether little is left of the minute."""
        parts = (
            (self.requests_left, self.requests_limit),
            (self.tokens_left, self.tokens_limit),
        )
        return any(left is not None and left < limit / 5 for left, limit in parts)


class Grant(Model):
    """Permissions to ask, or how long to wait before asking for them again."""

    requests: int
    wait_seconds: float = 0.0


class Allowance(Model):
    """Times are seconds of any one clock; a limit of 0 is not known."""

    requests_limit: int = 0
    tokens_limit: int = 0
    requests: float = 0.0
    """May be below 0, as may tokens: what was taken turned out to be more than was asked for."""
    tokens: float = 0.0
    counted_at: float = -math.inf
    opens_at: float = -math.inf
    """Nothing is granted before: a pause after a refusal."""

    def within(self, requests_limit: int | None, tokens_limit: int | None) -> "Allowance":
        """With the limits of the settings, where they are lower."""
        return self.model_copy(
            update={
                "requests_limit": _lower(self.requests_limit, requests_limit or 0),
                "tokens_limit": _lower(self.tokens_limit, tokens_limit or 0),
            }
        )

    def take(self, wanted: int, tokens_each: float, now: float) -> "tuple[Allowance, Grant]":
        """Up to `wanted` permissions for requests of so many tokens, and what is left then."""
        if now < self.opens_at:
            return self, Grant(requests=0, wait_seconds=self.opens_at - now)
        present = self._present(now)
        granted = min(wanted, present._fitting(tokens_each))
        if not granted:
            return present, Grant(requests=0, wait_seconds=present._wait(tokens_each))
        return present._spend(granted, granted * tokens_each), Grant(requests=granted)

    def correct(self, tokens: float, unused: int) -> "Allowance":
        """So many tokens more (or less) were taken than granted; so many requests were not made."""
        return self.model_copy(
            update={"tokens": self.tokens - tokens, "requests": self.requests + unused}
        )

    def observe(self, seen: Seen, now: float) -> "Allowance":
        """Take over what an answer says: it counts what others took, too."""
        requests_limit = int(seen.requests_limit * _SHARE) or self.requests_limit
        tokens_limit = int(seen.tokens_limit * _SHARE) or self.tokens_limit
        known = self.model_copy(
            update={
                "requests_limit": requests_limit,
                "tokens_limit": tokens_limit,
                "requests": self.requests if self.requests_limit else _most(requests_limit),
                "tokens": self.tokens if self.tokens_limit else _most(tokens_limit),
            }
        )
        present = known._present(now)
        left: dict[str, float] = {}
        if seen.requests_left is not None:
            left["requests"] = min(present.requests, seen.requests_left)
        if seen.tokens_left is not None:
            left["tokens"] = min(present.tokens, seen.tokens_left)
        return present.model_copy(update=left)

    def pause(self, seconds: float, now: float) -> "Allowance":
        """Grant nothing for so long."""
        return self.model_copy(update={"opens_at": max(self.opens_at, now + seconds)})

    def _present(self, now: float) -> "Allowance":
        """With what has come back since it was counted."""
        passed = max(now - self.counted_at, 0.0)
        return self.model_copy(
            update={
                "requests": _refilled(self.requests, self.requests_limit, passed),
                "tokens": _refilled(self.tokens, self.tokens_limit, passed),
                "counted_at": now,
            }
        )

    def _fitting(self, tokens_each: float) -> int:
        """How many requests fit into what is left.

        One always fits into a full allowance: a prompt may be larger than what comes in one go.
        """
        counts: list[float] = [math.inf]
        if self.requests_limit:
            counts.append(self.requests)
        if self.tokens_limit and tokens_each > 0:
            is_full = self.tokens >= _most(self.tokens_limit)
            counts.append(max(self.tokens / tokens_each, 1.0 if is_full else 0.0))
        fewest = min(counts)
        return 10**9 if fewest == math.inf else max(math.floor(fewest + 1e-9), 0)

    def _wait(self, tokens_each: float) -> float:
        """Seconds until one request fits."""
        waits = [0.0]
        if self.requests_limit:
            waits.append((1 - self.requests) * _MINUTE / self.requests_limit)
        if self.tokens_limit:
            needed = min(tokens_each, _most(self.tokens_limit))
            waits.append((needed - self.tokens) * _MINUTE / self.tokens_limit)
        return max(waits)

    def _spend(self, requests: int, tokens: float) -> "Allowance":
        return self.model_copy(
            update={
                "requests": self.requests - requests if self.requests_limit else 0.0,
                "tokens": self.tokens - tokens if self.tokens_limit else 0.0,
            }
        )


def _lower(known: int, wanted: int) -> int:
    return min(known, wanted) if known and wanted else known or wanted


def _most(limit: int) -> float:
    """What can be taken at once after a rest."""
    return max(limit * _BURST / _MINUTE, 1.0)


def _refilled(level: float, limit: int, seconds: float) -> float:
    """The level after so many seconds; full after an endless time, 0 without a limit."""
    if not limit:
        return 0.0
    most = _most(limit)
    return most if math.isinf(seconds) else min(level + seconds * limit / _MINUTE, most)


def read_headers(headers: Mapping[str, str]) -> Seen | None:
    """What an answer of OpenAI, Azure or Anthropic says of the account; null if it says nothing."""
    seen = Seen(
        requests_limit=_first(headers, _names("limit", "requests")) or 0,
        tokens_limit=_first(headers, _names("limit", "tokens")) or 0,
        requests_left=_first(headers, _names("remaining", "requests")),
        tokens_left=_first(headers, _names("remaining", "tokens")),
    )
    return None if seen == Seen() else seen


def _names(part: str, kind: str) -> tuple[str, ...]:
    return f"x-ratelimit-{part}-{kind}", f"anthropic-ratelimit-{kind}-{part}"


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    found = (headers.get(name, "").strip() for name in names)
    return next((int(text) for text in found if text.isascii() and text.isdigit()), None)

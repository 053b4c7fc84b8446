"""The quota's arithmetic against the simulator's limiter, on a clock that is only counted."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.slots import Slots
from earmark.sources.intercom_limits import Bucket, Quota, Window, is_over, read_window
from earmark.sources.simulator.limits import RateLimiter

HEADERS = {
    "X-RateLimit-Limit": "1000",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": "1700000010",
    "Date": "Tue, 14 Nov 2023 22:13:22 GMT",
}


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Peer:
    """The simulator's limiter and one bucket for several processes; counts what comes of it."""

    per_minute: int
    others: float = 0.0
    started: float = 1_000_003.7
    latency: float = 0.1
    bucket: Bucket = field(default_factory=Bucket)
    granted: dict[int, int] = field(default_factory=dict[int, int])
    refused: int = 0

    def run(self, seconds: float, most: int = 256, step: float = 0.05) -> None:
        """Ask in every step for all that may be in flight: four until the first answer has come."""
        clock = Clock(self.started)
        limiter = RateLimiter(self.per_minute, clock)
        limiter.configure(self.per_minute, self.others)
        answers: list[tuple[float, Window]] = []
        while clock.now < self.started + seconds:
            for due, window in [answer for answer in answers if answer[0] <= clock.now]:
                self.bucket = self.bucket.observe(window, clock.now)
                answers.remove((due, window))
            free = (most if self.bucket.budget else 4) - len(answers)
            self.bucket, grant = self.bucket.take(free, clock.now)
            for _ in range(grant.requests):
                allowance = limiter.take()
                number = allowance.reset // 10
                self.granted[number] = self.granted.get(number, 0) + allowance.is_granted
                self.refused += not allowance.is_granted
                window = Window(
                    limit=allowance.limit,
                    remaining=allowance.remaining,
                    reset=allowance.reset,
                    # `Date` has whole seconds only.
                    seconds_left=float(allowance.reset - int(clock.now)),
                )
                answers.append((clock.now + self.latency, window))
            clock.now += step

    @property
    def whole_windows(self) -> list[int]:
        """What was granted in the windows that were seen from their beginning to their end."""
        return [self.granted[number] for number in sorted(self.granted)[1:-1]]


@pytest.mark.parametrize("per_minute", [600, 1_000, 10_000])
@pytest.mark.parametrize("latency", [0.05, 0.3, 1.2])
def test_the_allowed_share_is_used_and_nothing_is_refused(per_minute: int, latency: float) -> None:
    peer = Peer(per_minute, latency=latency)
    peer.run(65)
    limit = per_minute // 6
    assert peer.refused == 0
    assert sum(peer.whole_windows) >= 0.97 * 0.8 * limit * len(peer.whole_windows)
    assert max(peer.whole_windows) <= limit


@pytest.mark.parametrize("others", [0.2, 0.35, 0.5])
def test_what_others_use_is_not_taken_from_them(others: float) -> None:
    peer = Peer(10_000, others=others)
    peer.run(65)
    limit = 10_000 // 6
    assert peer.refused == 0
    assert all(used + others * limit <= 1.01 * limit for used in peer.whole_windows)
    assert all(used > 0.5 * (1 - others) * limit - 0.1 * limit for used in peer.whole_windows)


@given(
    per_minute=st.integers(600, 20_000),
    others=st.floats(0, 0.4),
    started=st.floats(1_000_000, 1_000_010),
    latency=st.floats(0, 1),
    most=st.integers(5, 256),
)
def test_nothing_is_ever_refused(
    per_minute: int, others: float, started: float, latency: float, most: int
) -> None:
    peer = Peer(per_minute, others=others, started=started, latency=latency)
    peer.run(25, most=most, step=0.2)
    assert peer.refused == 0


def test_a_late_answer_of_the_same_window_gives_nothing_back() -> None:
    early = Window(limit=100, remaining=90, reset=20, seconds_left=9)
    late = Window(limit=100, remaining=40, reset=20, seconds_left=5)
    bucket = Bucket().observe(late, 5.0).observe(early, 1.2)
    assert bucket.remaining == 20


def test_the_end_of_a_window_is_the_earliest_that_was_told() -> None:
    bucket = Bucket()
    for now, left in ((11.9, 9.0), (12.0, 8.0), (12.9, 8.0)):
        window = Window(limit=100, remaining=90, reset=20, seconds_left=left)
        bucket = bucket.observe(window, now)
    assert bucket.resets_at == 20.0


def test_nothing_left_is_waited_for_until_the_window_ends() -> None:
    bucket = Bucket().observe(Window(limit=100, remaining=0, reset=20, seconds_left=4), 16.0)
    same, grant = bucket.take(5, 17.0)
    assert grant.requests == 0
    assert grant.wait_seconds == 3.0
    _, later = same.take(5, 20.1)
    assert later.requests > 0


def test_after_hours_of_silence_a_new_window_is_presumed() -> None:
    bucket = Bucket().observe(Window(limit=100, remaining=0, reset=20, seconds_left=4), 16.0)
    later, grant = bucket.take(5, 7_000.5)
    assert grant.requests > 0
    assert later.resets_at == 7_010.0


def test_a_pause_holds_whatever_answers_say() -> None:
    paused = Bucket().pause(30, 100.0)
    told = paused.observe(Window(limit=100, remaining=99, reset=20, seconds_left=4), 101.0)
    assert told.take(1, 129.0)[1].requests == 0
    assert told.take(1, 131.0)[1].requests == 1
    assert told.pause(1, 102.0).opens_at == 130.0


def test_headers_tell_the_window_by_the_clock_of_the_server() -> None:
    assert read_window(HEADERS) == Window(
        limit=1000, remaining=0, reset=1_700_000_010, seconds_left=8.0
    )


@pytest.mark.parametrize("name", list(HEADERS))
@pytest.mark.parametrize("value", [None, "", "soon", "-1"])
def test_headers_that_are_missing_or_nonsense_tell_nothing(name: str, value: str | None) -> None:
    headers = {key: held for key, held in HEADERS.items() if key != name}
    assert read_window(headers if value is None else {**headers, name: value}) is None


def test_answers_of_an_earlier_window_are_known() -> None:
    window = Window(limit=1, remaining=1, reset=1_000, seconds_left=1)
    assert is_over(window, 1_010)
    assert not is_over(window, 1_000)
    assert not is_over(window, 990)
    assert not is_over(window, 90_000)  # the server's clock was set back


async def test_without_any_headers_requests_are_not_held_back() -> None:
    quota = Quota()
    for _ in range(3_000):
        await quota.acquire()


def judged(slots: Slots, clock: Clock, *, good: int, bad: int = 0) -> int:
    """The limit after a second of such answers."""
    answers: list[Callable[[], None]] = [slots.succeed] * good + [slots.fail] * bad
    for answer in answers[:-1]:
        answer()
    clock.now += 1.0
    answers[-1]()
    return slots.limit


async def test_slots_double_until_the_most() -> None:
    clock = Clock()
    slots = Slots(50, clock)
    assert [slots.limit] + [judged(slots, clock, good=20) for _ in range(5)] == [
        *(4, 8, 16, 32, 50, 50)
    ]


async def test_slots_halve_after_trouble_and_grow_slowly_then() -> None:
    clock = Clock()
    slots = Slots(64, clock)
    for _ in range(4):
        judged(slots, clock, good=20)
    assert judged(slots, clock, good=80, bad=20) == 32
    assert judged(slots, clock, good=100) == 36
    assert [judged(slots, clock, good=0, bad=5) for _ in range(8)][-1] == 1
    assert judged(slots, clock, good=10) == 2


async def test_rare_failures_do_not_slow_anything_down() -> None:
    clock = Clock()
    slots = Slots(64, clock)
    for _ in range(10):
        judged(slots, clock, good=95, bad=5)
    assert slots.limit == 64


async def test_one_slot_is_always_left_and_never_more_than_the_most() -> None:
    clock = Clock()
    slots = Slots(2, clock)
    assert slots.limit == 2
    assert judged(slots, clock, good=0, bad=1) == 1
    assert judged(slots, clock, good=0, bad=1) == 1
    assert judged(slots, clock, good=9) == 2
    assert judged(slots, clock, good=9) == 2

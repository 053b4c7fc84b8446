"""Everything that a simulated server can be told to do wrong, or only differently.

Each is off by default. Shares are probabilities between 0 and 1, drawn from `seed`: the same
requests in the same order meet the same faults.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator

from earmark.db.models import Model
from earmark.errors import InvalidInput

Route = Literal["search", "list", "retrieve", "deleted", "contacts", "companies", "workspace"]
"""Groups of endpoints; `search` and `list` are those of conversations."""
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Endless = Annotated[float, Field(ge=0, le=0.95)]
"""A share below 1, so that whoever keeps trying gets through."""

_BY_ROUTE: Final = frozenset(
    {
        "page_size_cap", "cursor_pages", "cursor_seconds", "moving", "duplicate_rows",
        "repeated_pages", "stuck_page", "total_count_offset", "page_error", "refuse_every",
        "refuse_burst", "zero_remaining", "error_share", "html_share", "truncated_share",
        "cut_share", "slow_share", "hang_share", "not_found_share",
    }
)  # fmt: skip
"""Faults that can be kept to some routes."""


class Faults(Model):
    """What the server does wrong."""

    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of all that is drawn by lot."""
    routes: Mapping[str, tuple[Route, ...]] = Field(default_factory=dict[str, tuple[Route, ...]])
    """Faults by name that are kept to these routes; the others are everywhere."""

    # ------------------------------------------------------------ pages
    page_size_cap: int | None = Field(default=None, ge=1)
    """At most so many rows on a page, whatever is asked for."""
    cursor_pages: int | None = Field(default=None, ge=1)
    """A query ends after so many pages: its next cursor is refused (400)."""
    cursor_seconds: Seconds | None = None
    """A cursor is refused (400) after so many seconds."""
    moving: Count = 0
    """Conversations whose `updated_at` moves after each page; every second one is of that page."""
    duplicate_rows: Share = 0
    """Rows that stand on their page twice."""
    repeated_pages: Endless = 0
    """Pages in whose place the page before comes once more."""
    stuck_page: int | None = Field(default=None, ge=2)
    """From this page on, the same page comes again and again."""
    total_count_offset: int = 0
    """Added to `total_count`."""
    page_error: int | None = Field(default=None, ge=1)
    """The page that is answered with 500 instead, as often as `page_error_times` says."""
    page_error_times: Count = 1
    """For each query; 0 is always."""

    # ------------------------------------------------------------ search
    date_granularity: Literal["second", "day"] = "second"
    """Date filters of conversations count whole days of the workspace's timezone."""
    timezone: str | None = None
    """The workspace's timezone, in place of the dataset's."""
    index_lag: Seconds = 0
    """Seconds until search and lists see a change; a retrieval sees it at once."""
    tie_seconds: int = Field(default=1, ge=1, le=31_536_000)
    """Times of unchanged conversations are rounded down to multiples of this: many are equal."""

    # ------------------------------------------------------------ limits
    refuse_every: Count = 0
    """Each so-manieth request gets 429."""
    refuse_burst: Count = 0
    """429 for all requests above so many in one second."""
    rate_headers: bool = True
    """Answers carry the headers of the rate limit."""
    refusal_headers: bool = True
    """429s carry them."""
    zero_remaining: bool = False
    """`X-RateLimit-Remaining` is 0 on every answer, also on good ones."""
    quota_per_minute: int | None = Field(default=None, ge=1)
    """The rate limit, in place of the one that the server was started with."""
    other_consumer: Share = 0
    """The share of every window that somebody else uses, evenly over its time."""
    window_seconds: int = Field(default=10, ge=1, le=60)
    """The length of the windows of the rate limit."""

    # ------------------------------------------------------------ answers
    error_share: Share = 0
    """500, 502, 503 or 504."""
    html_share: Share = 0
    """A page of HTML with status 200."""
    truncated_share: Share = 0
    """JSON that ends in the middle, with status 200."""
    cut_share: Share = 0
    """The connection is cut in the middle of the body."""
    slow_share: Share = 0
    """Answers that take `slow_seconds` longer."""
    slow_seconds: Seconds = 1
    hang_share: Share = 0
    """Requests that get no answer for `hang_seconds`."""
    hang_seconds: Seconds = 3600
    not_found_share: Share = 0
    """404 for a retrieval of what is there."""
    vanish_share: Share = 0
    """Conversations that are deleted at the moment when they are retrieved."""

    # ------------------------------------------------------------ shapes
    long_threads: Share = 0
    """Conversations that have more than 500 parts."""
    unassigned: Literal["by_version", "null", "zero", "mixed"] = "by_version"
    """How an empty assignee is written: version 2.16 has 0, older ones have null."""
    integer_ids: bool = False
    """Identifiers made of digits are written as numbers."""
    missing_share: Share = 0
    """Fields of conversations that are left out; those without which nothing works stay."""

    # ------------------------------------------------------------ companies
    scroll_stuck: bool = False
    """The scroll gives its first page again and again, with the same token."""
    scroll_tokens: Literal["same", "new"] = "same"
    """Whether each page of the scroll comes with a token of its own; Intercom keeps one."""

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError("not a timezone of the IANA database")
        return name

    @model_validator(mode="after")
    def _check_routes(self) -> "Faults":
        unknown = sorted(set(self.routes) - _BY_ROUTE)
        if unknown:
            raise ValueError(f"cannot be kept to routes: {', '.join(unknown)}")
        return self

    def on(self, name: str, route: Route) -> bool:
        """Whether a fault concerns a route."""
        chosen = self.routes.get(name)
        return chosen is None or route in chosen


NO_FAULTS: Final = Faults()


def parse_faults(assignments: Sequence[str], *, seed: int = 0) -> Faults:
    """Faults from words like `error_share=0.1@search+retrieve`; raises `InvalidInput`."""
    values: dict[str, object] = {"seed": seed}
    routes: dict[str, list[str]] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        name, (value, _, where) = name.strip().replace("-", "_"), value.partition("@")
        if not equals or name not in Faults.model_fields or name == "routes":
            raise InvalidInput(
                f"There is no fault {name}.",
                fix="--fault NAME=VALUE, NAME being one of: " + ", ".join(list_faults()) + ".",
            )
        values[name] = value.strip()
        if where:
            routes[name] = where.split("+")
    try:
        return Faults.model_validate({**values, "routes": routes})
    except ValidationError as error:
        raise InvalidInput("A fault has an impossible value.", why=explain(error)) from error


def list_faults() -> list[str]:
    """The names of all faults."""
    return [name for name in Faults.model_fields if name not in ("seed", "routes")]


def explain(error: ValidationError) -> str:
    """What is wrong with a model's input, without the input."""
    problems = error.errors(include_input=False, include_url=False)
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'value'}: {problem['msg']}" for problem in problems
    )

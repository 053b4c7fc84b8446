"""The form that a language model fills in for one conversation.

What is too long is cut and not refused: an answer that is refused is paid for twice. What the form
cannot hold against (whose words a quote is, whether a link was in the text) is checked in
`facet_checks`.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    create_model,
)

from earmark.db.models import (
    CANNOT_TELL,
    Direction,
    Resolution,
    Sentiment,
    Stated,
    Taxonomy,
    Urgency,
)

MAX_ISSUES: Final = 3
MAX_QUOTES: Final = 3
MAX_SYMPTOMS: Final = 4
MAX_STATEMENT: Final = 240
_MAX_SUMMARY: Final = 600
_MAX_LINE: Final = 240
_MAX_SYMPTOM: Final = 80
_MAX_QUOTE: Final = 2_000

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
"""Controls, halves of characters, and what turns or hides the text around it."""


def plain(text: str) -> str:
    """The text without characters that nobody sees, or that turn others around."""
    return _UNSEEN.sub("", text)


def _cut(most: int) -> BeforeValidator:
    def shorten(value: object) -> object:
        if not isinstance(value, str):
            return value
        text = " ".join(plain(value).split())
        return text if len(text) <= most else text[: most - 1].rstrip() + "…"

    return BeforeValidator(shorten)


def _first(most: int) -> BeforeValidator:
    def shorten(value: object) -> object:
        return value[:most] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]

    return BeforeValidator(shorten)


def _quoted(value: object) -> object:
    return plain(value)[:_MAX_QUOTE] if isinstance(value, str) else value


Line = Annotated[str, _cut(_MAX_LINE)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class GivenQuote(_Form):
    """A passage that the model says it has copied."""

    message: Annotated[str, _cut(20)] = Field(description="The message's id, such as m1")
    text: Annotated[str, BeforeValidator(_quoted)]


class GivenIssue(_Form):
    """One issue as the model describes it."""

    statement: Annotated[str, _cut(MAX_STATEMENT)]
    direction: Direction
    product_area: str | None
    component: Annotated[str, _cut(_MAX_SYMPTOM)] | None
    symptoms: Annotated[
        list[Annotated[str, _cut(_MAX_SYMPTOM)]], _first(MAX_SYMPTOMS), Field(max_length=4)
    ]
    root_cause_stated: Line | None
    root_cause_guessed: Line | None
    known_theme: Annotated[str, _cut(20)] | None
    quotes: Annotated[list[GivenQuote], _first(MAX_QUOTES), Field(max_length=3)]


class FacetAnswer(_Form):
    """All that is asked of one conversation."""

    language: Annotated[str, _cut(20)] | None
    summary: Annotated[str, _cut(_MAX_SUMMARY)]
    category_at_open: str
    confidence_at_open: Stated
    category_final: str
    confidence_final: Stated
    second_choice: str | None
    change_reason: Line | None
    sentiment: Sentiment
    urgency: Urgency
    churn_risk: bool
    churn_quote: GivenQuote | None
    issues: Annotated[list[GivenIssue], _first(MAX_ISSUES), Field(max_length=3)]
    resolution: Resolution
    resolution_quote: GivenQuote | None
    self_service_gap: bool
    contains_instructions: bool


def form_for(taxonomy: Taxonomy) -> type[FacetAnswer]:
    """The form with the workspace's own categories and areas as the choices.

    A category that was not offered makes an answer unusable; an area that was not is left out.
    """
    category = _one_of([*(category.id for category in taxonomy.categories), CANNOT_TELL])
    areas = sorted(area.id for area in taxonomy.areas)
    area = _suggest(areas) if areas else str
    narrowed: Any = create_model("Issue", __base__=GivenIssue, **_fields(product_area=area | None))
    issues = Annotated[list[narrowed], _first(MAX_ISSUES), Field(max_length=MAX_ISSUES)]
    return create_model(
        "Reading",
        __base__=FacetAnswer,
        **_fields(
            category_at_open=category,
            category_final=category,
            second_choice=category | None,
            issues=issues,
        ),
    )


def _fields(**types: Any) -> dict[str, Any]:  # noqa: ANN401 - annotations made at run time
    return {name: (kind, ...) for name, kind in types.items()}


def _suggest(choices: Sequence[str]) -> Any:  # noqa: ANN401
    return Annotated[str, Field(json_schema_extra={"enum": list(choices)})]


def _one_of(choices: Sequence[str]) -> Any:  # noqa: ANN401
    def check(value: str) -> str:
        if value not in choices:
            raise ValueError("is none of the ids that were offered")
        return value

    return Annotated[_suggest(choices), AfterValidator(check)]


def schema_version(form: type[FacetAnswer]) -> str:
    """Changes with anything that the form asks."""
    schema = json.dumps(form.model_json_schema(), sort_keys=True)
    return hashlib.sha256(schema.encode()).hexdigest()[:16]

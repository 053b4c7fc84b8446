"""The prompt by which a language model reads a conversation.

First what is the same for all conversations of a taxonomy version, so that providers keep it in
their cache; then the data, each message a line of JSON; then a reminder. Numbers `m1`, `m2` … stand
for messages and `T1`, `T2` … for themes: a model never sees an id of the database.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from earmark.db.models import CANNOT_TELL, Category, Model, Taxonomy
from earmark.llm.base import Prompt
from earmark.pipeline.facet_call import FacetAnswer, form_for, schema_version
from earmark.pipeline.shown import Shown, line_of
from earmark.prompts.files import prompt_parts

NAME: Final = "read_conversation"
_MAX_EXAMPLES: Final = 3
_MAX_EXAMPLE: Final = 200


class Sheet(Model):
    """The prompt's fixed part for one taxonomy version, and the form that goes with it."""

    static: str
    reminder: str
    form: type[FacetAnswer]
    schema_version: str

    @property
    def version(self) -> str:
        """Hash of all static text and of the form."""
        text = "\0".join((self.static, *sorted(prompt_parts(NAME).values()), self.schema_version))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_sheet(taxonomy: Taxonomy) -> Sheet:
    """The fixed part of the prompt; the same taxonomy gives the same text."""
    rules = prompt_parts(NAME)["Rules"]
    form = form_for(taxonomy)
    offered = [
        *(_describe(category) for category in taxonomy.categories),
        {"id": CANNOT_TELL, "definition": "The text does not say enough, or fits several equally."},
    ]
    areas = sorted(({"id": area.id, "name": area.name} for area in taxonomy.areas), key=_by_id)
    parts = [
        rules,
        "## The categories",
        *map(line_of, offered),
        "## The product areas",
        *(map(line_of, areas) if areas else ["None: product_area is always null."]),
    ]
    return Sheet(
        static="\n\n".join(parts[:2]) + "\n" + "\n".join(parts[2:]),
        reminder=prompt_parts(NAME)["Reminder"],
        form=form,
        schema_version=schema_version(form),
    )


def _by_id(entry: dict[str, str]) -> str:
    return entry["id"]


def _describe(category: Category) -> dict[str, object]:
    return {
        "id": category.id,
        "definition": category.definition,
        "includes": category.includes,
        "excludes": category.excludes,
        "examples": [example[:_MAX_EXAMPLE] for example in category.examples[:_MAX_EXAMPLES]],
    }


def ask(sheet: Sheet, shown: Shown, *, failed_quotes: Sequence[str] = ()) -> Prompt:
    """The whole prompt; with quotes that could not be found, it asks a second time."""
    themes = [
        line_of({"id": f"T{number}", "name": theme.name})
        for number, theme in enumerate(shown.themes, 1)
    ]
    data = "\n".join(
        [
            "## The conversation",
            *shown.lines,
            "## Known themes",
            *(themes or ["None: known_theme is always null."]),
        ]
    )
    reminder = sheet.reminder
    if failed_quotes:
        told = "\n".join(line_of({"quote": quote}) for quote in failed_quotes)
        reminder = f"{prompt_parts(NAME)['Failed quotes']}\n{told}\n\n{reminder}"
    return Prompt(
        name=NAME, version=sheet.version, static=sheet.static, data=data, reminder=reminder
    )

"""A taxonomy as a YAML file: what people keep, edit and review.

Every plain value is text, whatever YAML would make of it: a category may be called `No` or `1.0`.
Read with places, so that a mistake can be shown with its line.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

import yaml
from pydantic import ValidationError

from earmark.db.change_storage import Proposal
from earmark.db.models import Model
from earmark.errors import InvalidInput
from earmark.pipeline.taxonomy_rules import Finding, Place, name_place

_LARGEST: Final = 4_000_000
"""Characters of a file."""
_DEEPEST: Final = 6
_TOP: Final = {"version", "note", "categories", "areas"}
_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}


class TaxonomyFile(Model):
    """What a file says, and in which lines."""

    proposal: Proposal
    version: int | None = None
    """Of the taxonomy that the file was made of."""
    note: str = ""
    lines: dict[Place, int]
    """Counted from 1."""

    def line_of(self, place: Place) -> int:
        """The line of a place, or of the nearest one that the file has."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_file(text: str, *, name: str = "The file") -> TaxonomyFile:
    """Read a taxonomy; raises `InvalidInput` with the line where it cannot be read."""
    if len(text) > _LARGEST:
        raise InvalidInput(
            f"{name} is too large.",
            why=f"It has {len(text):,} characters, at most {_LARGEST:,} fit.",
        )
    lines: dict[Place, int] = {}
    try:
        # The library's types leave open what it gives.
        node = cast("yaml.Node | None", cast("Any", yaml).compose(text, Loader=_NoAliases))
        found = _read(node, (), lines) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InvalidInput(
            f"{name} is not valid YAML.",
            why=f"{place}{error.problem or 'it cannot be read'}.",
            fix="Correct it there, and try again.",
        ) from error
    except RecursionError as error:
        raise InvalidInput(
            f"{name} is not a taxonomy.",
            why="Its lists and mappings lie too deep in each other.",
            fix="`earmark taxonomy export` shows the form.",
        ) from error
    except yaml.YAMLError as error:
        raise InvalidInput(
            f"{name} is not valid YAML.", why="It holds characters that YAML does not know."
        ) from error
    return _shape(found, lines, name)


class _NoAliases(yaml.SafeLoader):
    """A taxonomy needs no aliases, and a few of them can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - as the library has it
        events = cast("Any", self)
        if events.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases are not used here", problem_mark=events.peek_event().start_mark
            )
        return super().compose_node(parent, index)


def _read(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:  # noqa: ANN401 - YAML
    lines[place] = node.start_mark.line + 1
    if len(place) > _DEEPEST:
        raise yaml.MarkedYAMLError(problem="too deep", problem_mark=node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return [_read(item, (*place, number), lines) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _read_mapping(node, place, lines)
    plain = cast("str | None", getattr(node, "style", None)) is None
    return None if plain and node.tag.endswith(":null") else str(node.value)


def _read_mapping(node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        word = str(key.value)
        if word in found:
            raise yaml.MarkedYAMLError(
                problem=f"{word!r} is given twice", problem_mark=key.start_mark
            )
        found[word] = _read(value, (*place, word), lines)
        lines[*place, word] = key.start_mark.line + 1
    return found


def _shape(found: Any, lines: dict[Place, int], name: str) -> TaxonomyFile:  # noqa: ANN401 - YAML
    if not isinstance(found, dict):
        raise InvalidInput(
            f"{name} is not a taxonomy.",
            why="It must be a mapping with `categories`, and `areas` if you like.",
            fix="`earmark taxonomy export` shows the form.",
        )
    top = cast("dict[str, Any]", found)
    unknown = sorted(set(top) - _TOP)
    if unknown:
        raise InvalidInput(
            f"{name} has a part that is not known: {unknown[0]!r}, in line {lines[unknown[0],]}.",
            why=f"A taxonomy has: {', '.join(sorted(_TOP))}.",
            fix="Correct its name, or take it out.",
        )
    values = {
        "categories": [_category(entry) for entry in _list(top.get("categories"))],
        "areas": [_area(entry) for entry in _list(top.get("areas"))],
    }
    try:
        proposal = Proposal.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = tuple(first["loc"])
        at = TaxonomyFile(proposal=Proposal(categories=()), lines=lines).line_of(place)
        raise InvalidInput(
            f"{name} cannot be used: line {at}, {name_place(place)}.",
            why=f"{first['msg']}.",
            fix="`earmark taxonomy export` shows the form.",
        ) from error
    return TaxonomyFile(
        proposal=proposal,
        version=_number(top.get("version"), name),
        note=str(top.get("note") or ""),
        lines=lines,
    )


def _list(value: Any) -> Any:  # noqa: ANN401 - YAML
    return [] if value is None else value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]


def _category(entry: Any) -> Any:  # noqa: ANN401 - YAML
    """As a proposal has it; what is not a mapping is left for the validation to refuse."""
    if not isinstance(entry, dict):
        return entry
    values = _without_nothing(cast("dict[str, Any]", entry))
    said = values.get("no_examples")
    if isinstance(said, str):
        values["no_examples"] = _TRUTH.get(said.casefold(), said)
    return values


def _area(entry: Any) -> Any:  # noqa: ANN401 - YAML
    if not isinstance(entry, dict):
        return entry
    values = _without_nothing(cast("dict[str, Any]", entry))
    if "parent" in values:
        values["parent_id"] = values.pop("parent")
    return values


def _without_nothing(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}


def _number(value: Any, name: str) -> int | None:  # noqa: ANN401 - YAML
    if value is None:
        return None
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
        raise InvalidInput(
            f"{name} has a version that is not a number.",
            fix="Write the number that the export had, or leave `version` out.",
        )
    return int(value)


def write_file(proposal: Proposal, *, version: int | None = None, note: str = "") -> str:
    """The file of a proposal; reading it gives the same proposal again."""
    top: dict[str, Any] = {}
    if version is not None:
        top["version"] = version
    if note:
        top["note"] = note
    top["categories"] = [
        _filled(entry.model_dump(mode="json", exclude={"no_examples"}))
        | ({"no_examples": True} if entry.no_examples else {})
        for entry in proposal.categories
    ]
    if proposal.areas:
        top["areas"] = [
            _filled(
                {
                    _NAMES.get(key, key): value
                    for key, value in entry.model_dump(mode="json").items()
                }
            )
            for entry in proposal.areas
        ]
    return yaml.safe_dump(top, allow_unicode=True, sort_keys=False, width=100)


_NAMES: Final = {"parent_id": "parent"}


def _filled(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty; `was: []` says something."""
    return {
        key: value
        for key, value in entry.items()
        if value not in (None, "", []) or (key == "was" and value is not None)
    }


def tell_place(file: TaxonomyFile | None, finding: Finding) -> str:
    """Where a finding is, with its line if it is of a file."""
    place = name_place(finding.place)
    return f"line {file.line_of(finding.place)}, {place}" if file else place

"""Versioned texts that tell a model, local or hosted, what to look for.

`taxonomy.toml` holds the default categories with their examples; `lexicon_<language>.toml` holds
the phrases by which the rules recognise what a customer says when no model is asked; `phrases.py`
compiles and finds them. `files.py` reads what hosted models are told, a Markdown file per use.
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Annotated, Self, TypeVar

from pydantic import Field, StringConstraints, ValidationError, model_validator

from earmark.db.models import CANNOT_TELL, Category, Model, Taxonomy
from earmark.errors import InvalidInput
from earmark.prompts.phrases import Cue, PhraseBook

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""

COVERED_LANGUAGES = ("de", "en", "es", "fr", "pt")
"""Those with a lexicon."""

# ---------------------------------------------------------------- taxonomy


class Example(Model):
    """What a customer of this category might open with."""

    category_id: str
    language: Language
    text: str


class _CategoryEntry(Model):
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    name: Text
    definition: Text
    includes: tuple[Text, ...] = Field(min_length=1)
    excludes: tuple[Text, ...] = ()
    examples: dict[Language, tuple[Text, ...]] = Field(min_length=1)

    @model_validator(mode="after")
    def _refuse_the_abstention(self) -> Self:
        if self.id == CANNOT_TELL:
            raise ValueError(f"{CANNOT_TELL!r} is the abstention, not a category")
        return self


class _TaxonomyFile(Model):
    version: int = Field(ge=1)
    category: tuple[_CategoryEntry, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _refuse_duplicates(self) -> Self:
        _refuse_repeats("category", (entry.id for entry in self.category))
        texts = (
            " ".join(text.casefold().split())
            for entry in self.category
            for examples in entry.examples.values()
            for text in examples
        )
        _refuse_repeats("example", texts)
        return self


def _refuse_repeats(noun: str, values: Iterable[str]) -> None:
    ordered = sorted(values)
    repeated = sorted({a for a, b in pairwise(ordered) if a == b})
    if repeated:
        raise ValueError(f"{noun} given twice: {', '.join(map(repr, repeated[:3]))}")


_File = TypeVar("_File", bound=Model)


def _read(kind: type[_File], toml: str, what: str) -> _File:
    try:
        return kind.model_validate(tomllib.loads(toml))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(
            f"The {what} is not valid TOML.", why=f"{error}.", fix="Correct the file and try again."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise InvalidInput(
            f"The {what} cannot be used.",
            why=f"At {place}: {first['msg']}.",
            fix="Correct the file and try again.",
        ) from error


def _package_text(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def read_taxonomy(toml: str) -> Taxonomy:
    """Read a taxonomy written like `taxonomy.toml`.

    `InvalidInput` where the file is not valid, a category or an example occurs twice, or a
    category is called like the abstention.
    """
    file = _read(_TaxonomyFile, toml, "taxonomy")
    return Taxonomy(
        version=file.version, categories=tuple(_as_category(entry) for entry in file.category)
    )


def _as_category(entry: _CategoryEntry) -> Category:
    return Category(
        id=entry.id,
        name=entry.name,
        definition=entry.definition,
        includes=entry.includes,
        excludes=entry.excludes,
        examples=tuple(text for texts in entry.examples.values() for text in texts),
    )


@cache
def default_taxonomy() -> Taxonomy:
    """The categories that a new workspace starts with."""
    return read_taxonomy(_package_text("taxonomy.toml"))


@cache
def default_examples() -> tuple[Example, ...]:
    """The examples of the default taxonomy with their languages."""
    file = _read(_TaxonomyFile, _package_text("taxonomy.toml"), "taxonomy")
    return tuple(
        Example(category_id=entry.id, language=language, text=text)
        for entry in file.category
        for language, texts in entry.examples.items()
        for text in texts
    )


# ---------------------------------------------------------------- lexicon


class Weighted(Model):
    """Phrases of one cue by how much they say: 2, 1 and one half."""

    strong: tuple[Text, ...]
    plain: tuple[Text, ...]
    weak: tuple[Text, ...]

    def weights(self) -> Iterator[tuple[str, float]]:
        """Each phrase with its weight."""
        for phrases, weight in ((self.strong, 2.0), (self.plain, 1.0), (self.weak, 0.5)):
            for phrase in phrases:
                yield phrase, weight


class Lexicon(Model):
    """The phrases of one language."""

    language: Language
    elides: bool
    """An apostrophe parts two words (French) instead of joining one (English)."""
    negators: tuple[Text, ...]
    intensifiers: tuple[Text, ...]
    function_words: tuple[Text, ...]
    joiners: tuple[Text, ...]
    """Words that hang a sentence onto an opening such as "I was wondering"."""
    sets: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    phrases: dict[Cue, Weighted]

    @model_validator(mode="after")
    def _refuse_gaps(self) -> Self:
        absent = sorted(set(Cue) - set(self.phrases))
        if absent:
            raise ValueError(f"no phrases for: {', '.join(absent)}")
        return self


def read_lexicon(toml: str) -> Lexicon:
    """Read a lexicon written like `lexicon_en.toml`; `InvalidInput` where it is not valid."""
    return _read(Lexicon, toml, "lexicon")


@cache
def phrase_book(language: str | None) -> PhraseBook | None:
    """The phrases of a language (all covered languages where it is not known); none if uncovered.

    Compiled on first use and kept: some tens of milliseconds and a few megabytes each.
    """
    if language is None:
        return _compile([_lexicon(code) for code in COVERED_LANGUAGES], Cue)
    return _compile([_lexicon(language)], Cue) if language in COVERED_LANGUAGES else None


@cache
def command_book() -> PhraseBook:
    """The phrases that address whoever processes a text, in all covered languages at once."""
    return _compile([_lexicon(code) for code in COVERED_LANGUAGES], (Cue.COMMAND,))


def _lexicon(language: str) -> Lexicon:
    return read_lexicon(_package_text(f"lexicon_{language}.toml"))


def _compile(lexicons: Sequence[Lexicon], cues: Iterable[Cue]) -> PhraseBook:
    book = PhraseBook(
        elides=all(lexicon.elides for lexicon in lexicons),
        negators=[word for lexicon in lexicons for word in lexicon.negators],
        intensifiers=[word for lexicon in lexicons for word in lexicon.intensifiers],
        function_words=[word for lexicon in lexicons for word in lexicon.function_words],
        joiners=[word for lexicon in lexicons for word in lexicon.joiners],
    )
    for cue in cues:
        for lexicon in lexicons:
            for phrase, weight in lexicon.phrases[cue].weights():
                book.add(cue, phrase, weight, lexicon.sets)
    return book

"""Loads the sample's texts from the package and checks them."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import cast

from earmark.errors import InvalidInput
from earmark.sources.simulator.grammar import (
    LANGUAGES,
    Disguise,
    Grammar,
    Injections,
    Language,
    Population,
    Setting,
    Speech,
    Theme,
    ThemeFile,
    TranslatedTheme,
    Voices,
)
from earmark.sources.simulator.truth import InjectionKind


@cache
def load_grammar() -> Grammar:
    """The grammar that ships with the package."""
    themes = _load_themes()
    known = {theme.key for theme in themes}
    disguises = _load_disguises(known)
    injections = Injections.model_validate(_read("injections.toml")).texts
    missing = set(InjectionKind) - set(injections)
    if missing:
        raise InvalidInput(f"injections.toml lacks {sorted(missing)}.")
    return Grammar(
        themes=themes,
        speech={tag: Speech.model_validate(_read(f"speech/{tag}.toml")) for tag in LANGUAGES},
        translated={tag: _load_translated(tag, known) for tag in LANGUAGES if tag != "en"},
        disguises=disguises,
        people=Population.model_validate(_read("people.toml")),
        voices=Voices.model_validate(_read("voices.toml")),
        setting=Setting.model_validate(_read("workspace.toml")),
        injections=injections,
    )


def _read(path: str) -> dict[str, object]:
    text = files("earmark.sources.simulator").joinpath("grammar", path).read_text("utf-8")
    return tomllib.loads(text)


def _load_themes() -> tuple[Theme, ...]:
    folder = files("earmark.sources.simulator").joinpath("grammar", "themes")
    themes: list[Theme] = []
    for name in sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml")):
        loaded = ThemeFile.model_validate(_read(f"themes/{name}"))
        themes.extend(theme.model_copy(update={"area": loaded.area}) for theme in loaded.theme)
    if len({theme.key for theme in themes}) != len(themes):
        raise InvalidInput("Two themes of the sample's grammar have the same key.")
    return tuple(themes)


def _load_translated(language: Language, known: set[str]) -> dict[str, TranslatedTheme]:
    raw = cast(dict[str, object], _read(f"translated/{language}.toml")["themes"])
    _refuse_unknown(set(raw), known, f"translated/{language}.toml")
    return {key: TranslatedTheme.model_validate(value) for key, value in raw.items()}


def _load_disguises(known: set[str]) -> dict[str, tuple[Disguise, ...]]:
    rows = cast(list[object], _read("disguises.toml")["disguise"])
    found: dict[str, list[Disguise]] = {}
    for row in rows:
        disguise = Disguise.model_validate(row)
        found.setdefault(disguise.theme, []).append(disguise)
    _refuse_unknown(set(found), known, "disguises.toml")
    return {key: tuple(value) for key, value in found.items()}


def _refuse_unknown(keys: set[str], known: set[str], where: str) -> None:
    if keys - known:
        raise InvalidInput(f"{where} names themes that do not exist: {sorted(keys - known)}.")

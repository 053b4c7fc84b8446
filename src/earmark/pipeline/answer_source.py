"""The texts that a model's answer is checked against: what it was shown, and what it was told.

Links, placeholders and personal data that do not stand in the conversation come from somewhere
else, and words of the prompt are no business of anybody who writes in.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from earmark.pipeline.folded_text import FoldedText
from earmark.pipeline.mask import KnownValues, mask
from earmark.pipeline.shown import Shown

_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.|(?:data|javascript|mailto):)\S+", re.IGNORECASE
)
_MARKDOWN_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)]*)\)")
_PLACEHOLDER = re.compile(r"<[A-Z]+(?:_[A-Z]+)*_\d+>")
_NUMBER = re.compile(r"\d[\d.,' ]*\d")
_WORD = re.compile(r"\w+")
_NOBODY: Final = KnownValues(names=(), emails=(), phones=(), companies=())
_REPEATED_WORDS: Final = 8
"""So many words of the prompt in a row are no accident."""


@dataclass
class Source:
    """The texts that an answer is checked against."""

    shown: Shown
    static: str
    """What the model was told: that is no business of anybody who writes in."""
    folded: str = field(init=False)
    digits: str = field(init=False)

    def __post_init__(self) -> None:
        texts = [message.text for message in self.shown.messages.values()]
        texts += [self.shown.subject, *(theme.name for theme in self.shown.themes)]
        self.folded = FoldedText("\n".join(texts)).text
        self.digits = re.sub(r"[.,' ]", "", self.folded)

    def holds(self, text: str) -> bool:
        """Whether the conversation says this, but for case and the like."""
        return FoldedText(text).text.strip() in self.folded

    def clean(self, text: str | None) -> str | None:
        """The text without links and placeholders that are made up; null where it is not fit."""
        if not text or self._repeats_prompt(text) or self._tells_secrets(text):
            return None
        text = _MARKDOWN_LINK.sub(r"\1", text)
        for found in (_LINK, _PLACEHOLDER):
            text = found.sub(lambda match: match[0] if self.holds(match[0]) else "", text)
        return " ".join(text.split()) or None

    def _repeats_prompt(self, text: str) -> bool:
        repeated = _runs(text) & _runs_of_prompt(self.static)
        return any(not self.holds(" ".join(run)) for run in repeated)

    def _tells_secrets(self, text: str) -> bool:
        """Personal data that the masked conversation does not hold come from somewhere else."""
        spans = (replaced for replaced in mask([text], _NOBODY)[0].replaced)
        return any(not self.holds(text[span.body_start : span.body_end]) for span in spans)

    def backs_numbers(self, text: str) -> bool:
        """Whether every number of two digits or more stands in the conversation."""
        numbers = (re.sub(r"[.,' ]", "", match[0]) for match in _NUMBER.finditer(text))
        return all(number in self.digits for number in numbers)


@lru_cache(maxsize=4)
def _runs_of_prompt(static: str) -> frozenset[tuple[str, ...]]:
    return _runs(static)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return frozenset(
        tuple(words[start : start + _REPEATED_WORDS])
        for start in range(len(words) - _REPEATED_WORDS + 1)
    )

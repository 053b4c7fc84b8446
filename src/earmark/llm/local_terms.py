"""Terms that set one group of texts apart from the others."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from earmark.llm.local_stop_words import STOP_WORDS

_MOST_WORDS: Final = 3
_LONGEST_WORD: Final = 24
_CANDIDATES: Final = 60
_TOKEN: Final = re.compile(r"<[A-Z][A-Z_]*_\d+>|[^\W_]+(?:['’\-][^\W_]+)*|[^\w\s]")


def find_distinctive_terms(groups: Sequence[Sequence[str]], *, most: int) -> list[list[str]]:
    """For each group at most `most` terms of one to three words, strongest first, in lower case.

    Class-based TF-IDF (Grootendorst 2022) on the number of texts that hold a term, so that one
    talkative text decides nothing. A term neither begins nor ends with a stop word, holds no
    placeholder of personal data, and in a group of three texts or more stands in at least two.
    """
    held = [Counter(term for text in group for term in set(_terms(text))) for group in groups]
    everywhere: Counter[str] = Counter()
    for counts in held:
        everywhere.update(counts)
    texts = sum(len(group) for group in groups)
    return [
        _choose(_score(counts, everywhere, len(group), texts), most)
        for group, counts in zip(groups, held, strict=True)
    ]


def _terms(text: str) -> Iterator[str]:
    """Runs of words without punctuation or placeholder between them."""
    run: list[str] = []
    for token in [*_TOKEN.findall(text.replace("’", "'").lower()), "."]:
        if token[0].isalnum():
            run.append(token)
            continue
        for begin in range(len(run)):
            for end in range(begin + 1, min(begin + _MOST_WORDS, len(run)) + 1):
                if _may_bound(run[begin]) and _may_bound(run[end - 1]):
                    yield " ".join(run[begin:end])
        run = []


def _may_bound(word: str) -> bool:
    return (
        1 < len(word) <= _LONGEST_WORD
        and word not in STOP_WORDS
        and any(letter.isalpha() for letter in word)
    )


def _score(
    counts: Counter[str], everywhere: Counter[str], size: int, texts: int
) -> list[tuple[float, str]]:
    least = 2 if size >= 3 else 1
    return sorted(
        (
            (-count / size * math.log(1 + texts / everywhere[term]) * _fullness(term), term)
            for term, count in counts.items()
            if count >= least
        ),
    )[:_CANDIDATES]


def _fullness(term: str) -> float:
    """Two words say more than one, but are held by fewer texts."""
    return 1 + 0.3 * term.count(" ")


def _choose(ranked: Sequence[tuple[float, str]], most: int) -> list[str]:
    chosen: list[str] = []
    for _, term in ranked:
        if len(chosen) == most:
            break
        if not any(_overlap(term, other) for other in chosen):
            chosen.append(term)
    return chosen


def _overlap(one: str, other: str) -> bool:
    """One holds a word of the other: the second would add little."""
    return not set(one.split()).isdisjoint(set(other.split()) - STOP_WORDS)

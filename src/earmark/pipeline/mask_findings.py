"""What the detectors of the mask say they found, and how two that overlap are told apart."""

from collections.abc import Iterable
from typing import NamedTuple


class Finding(NamedTuple):
    """A range of a text to be replaced."""

    start: int
    end: int
    kind: str
    value: str
    """What it stands for: two findings of one kind and value get the same placeholder."""


def without_overlaps(findings: Iterable[Finding], length: int) -> list[Finding]:
    """Findings in the order of the text; of two that overlap the earlier listed one stays."""
    taken = bytearray(length)
    kept: list[Finding] = []
    for finding in findings:
        start, end = finding.start, finding.end
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\x01" * (end - start)
            kept.append(finding)
    return sorted(kept)

"""The short way for bodies that are a few plain paragraphs, as most are: no parser is needed.

It gives what `html_text` would give in a fifth of the time, or nothing where it cannot be sure.
"""

import html
import re
from typing import Final

_TEXT: Final = r"(?:[^<>&]|&(?:amp|lt|gt|quot|nbsp|#39);)*+"
_PARAGRAPH: Final = re.compile(
    rf'<p(?: class="(no-margin|intercom-align-(?:left|center|right))")?>'
    rf"({_TEXT}(?:<br(?: ?/)?>{_TEXT})*+)</p>\s*+"
)
_BREAK: Final = re.compile(r"<br(?: ?/)?>")


def paragraphs_to_text(source: str) -> str | None:
    """Plain text of paragraphs without any other element; null for everything else.

    `source` has line ends as `\\n` and no characters that cannot be stored.
    """
    if _is_single(source):
        return " ".join(source[3:-4].split())
    lines: list[str] = []
    gap = position = 0
    while position < len(source):
        found = _PARAGRAPH.match(source, position)
        if found is None:
            return None
        position = found.end()
        margin = 1 if found[1] == "no-margin" else 2
        gap = max(_write(found[2], lines, max(gap, margin)), margin)
    return "\n".join(lines)


def _is_single(source: str) -> bool:
    """Whether it is one paragraph of plain text, as half of all messages are."""
    return (
        source.startswith("<p>")
        and source.endswith("</p>")
        and source.count("<") == source.count(">") == 2
        and "&" not in source
    )


def _write(text: str, lines: list[str], gap: int) -> int:
    """Add a paragraph's lines after `gap` line ends; returns the line ends owed after them."""
    for number, run in enumerate(_BREAK.split(text)):
        if number:
            gap = min(gap + 1, 2)
        words = " ".join((html.unescape(run) if "&" in run else run).split())
        if words:
            if gap > 1 and lines:
                lines.append("")
            lines.append(words)
            gap = 0
    return gap

"""`earmark mask --check`: what a model would be sent, and what in it looks personal still."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.text import Text

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    console,
    execute,
    print_json,
    stdout,
)
from earmark.cli.workspaces import open_workspace
from earmark.db import masked_storage
from earmark.db.masked_storage import MaskSpans
from earmark.db.models import Model
from earmark.errors import InvalidInput, NotFound
from earmark.pipeline.mask import KnownValues, drop_secrets, mask
from earmark.pipeline.mask_doubts import Doubt, find_doubts
from earmark.pipeline.mask_secrets import CARD_REMOVED, REMOVED
from earmark.pipeline.masking import MASKER_VERSION, mask_conversations, read_unmasked

_LARGEST_TEXT: Final = 10_000_000


class CheckedText(Model):
    """One text as it would be sent."""

    conversation: str | None
    """Null for a text from a file."""
    message: str | None
    """Null for the subject."""
    author: str | None
    text: str
    placeholders: tuple[tuple[int, int, str], ...]
    """(start, end) in the text, kind."""
    doubts: tuple[Doubt, ...]
    """Places that may be personal still."""


class MaskReport(Model):
    """Texts as they would be sent, what was masked in them and what may have been missed."""

    masker: str
    conversations: int
    placeholders: dict[str, int]
    """Number of each kind."""
    removed: dict[str, int]
    """Secrets and card numbers, which are nowhere stored: the places where they stood."""
    doubts: int
    texts: tuple[CheckedText, ...]


def mask_command(
    conversation: Annotated[
        list[str] | None, typer.Argument(help="Ids of conversations.", show_default=False)
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Show what would be sent; nothing is sent or stored.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="That many conversations at random.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A text instead of conversations; - reads stdin.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show texts as models would see them, and places in them that may be personal still.

    Prints what customers wrote, masked, on stdout. Exit code 4: there are such places.
    """
    execute(
        _check(tuple(conversation or ()), sample, file, workspace, check=check, as_json=as_json),
        as_json=as_json,
    )


async def _check(
    ids: tuple[str, ...],
    sample: int | None,
    file: Path | None,
    workspace: str | None,
    *,
    check: bool,
    as_json: bool,
) -> ExitCode:
    if not check:
        raise InvalidInput(
            "`earmark mask` only checks.",
            why="Conversations are masked by `earmark run`, before any model reads them.",
            fix="Add --check.",
        )
    if [bool(ids), sample is not None, file is not None].count(True) != 1:
        raise InvalidInput(
            "Nothing, or more than one thing, to check is named.",
            fix="Give ids of conversations, or --sample 20, or --file PATH.",
        )
    if file is not None:
        report = await asyncio.to_thread(_check_text, await asyncio.to_thread(_read, file))
    else:
        report = await _check_conversations(ids, sample, workspace)
    if as_json:
        print_json(report)
    else:
        _print(report)
    return ExitCode.PARTIAL if report.doubts else ExitCode.DONE


def _read(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read(_LARGEST_TEXT + 1) if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be read.", why=error.strerror or "", fix="Check the path."
        ) from error
    if len(raw) > _LARGEST_TEXT:
        raise InvalidInput("The text is longer than 10 MB.", fix="Give a part of it.")
    try:
        return raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{file} is not a text in UTF-8.",
            why="What cannot be read cannot be checked.",
            fix="Save it as UTF-8 and try again.",
        ) from error


def _check_text(text: str) -> MaskReport:
    """A text is treated like a message, but there are no records of its people."""
    (masked,) = mask([drop_secrets(text)[0]], KnownValues())
    return _report([_checked(None, None, None, masked.text, masked.replaced)], conversations=0)


async def _check_conversations(
    ids: Sequence[str], sample: int | None, code: str | None
) -> MaskReport:
    async with open_workspace(code) as (reader, workspace):
        if sample is not None:
            ids = await masked_storage.draw_conversations(reader, workspace.id, number=sample)
        unmasked = await read_unmasked(reader, workspace.id, ids)
    missing = set(ids).difference(item.conversation.id for item in unmasked)
    if missing:
        raise NotFound(
            f"There is no conversation {min(missing)} in this workspace.",
            fix="`earmark coverage` shows what is stored.",
        )
    masked = await asyncio.to_thread(mask_conversations, unmasked)
    texts: list[CheckedText] = []
    for item in masked:
        if item.subject:
            texts.append(_checked(item.id, None, None, item.subject, item.subject_spans))
        texts += [
            _checked(item.id, m.message_id, m.author_role, m.text, m.mask_spans)
            for m in item.messages
            if m.text
        ]
    return _report(texts, conversations=len(masked))


def _checked(
    conversation: str | None, message: str | None, author: str | None, text: str, spans: MaskSpans
) -> CheckedText:
    return CheckedText(
        conversation=conversation,
        message=message,
        author=author,
        text=text,
        placeholders=tuple((start, end, kind) for start, end, _, _, kind in spans),
        doubts=tuple(find_doubts(text)),
    )


def _report(texts: Sequence[CheckedText], *, conversations: int) -> MaskReport:
    kinds = Counter(kind for text in texts for _, _, kind in text.placeholders)
    return MaskReport(
        masker=MASKER_VERSION,
        conversations=conversations,
        placeholders=dict(kinds.most_common()),
        removed={
            kind: number
            for kind, mark in (("secret", REMOVED), ("card", CARD_REMOVED))
            if (number := sum(text.text.count(mark) for text in texts))
        },
        doubts=sum(len(text.doubts) for text in texts),
        texts=tuple(texts),
    )


# ---------------------------------------------------------------- for people


def _print(report: MaskReport) -> None:
    for checked in report.texts:
        if checked.conversation is not None:
            where = f"{checked.conversation} · {checked.message or 'subject'}"
            stdout.print(Text(f"{where} · {checked.author}" if checked.author else where, "dim"))
        stdout.print(_styled(checked))
        for doubt in checked.doubts:
            place = _printable(checked.text[doubt.start : doubt.end]).replace("\n", " ")
            stdout.print(Text(f"  ? {doubt.reason}: {place}", "yellow"))
        stdout.print()
    counts = ", ".join(f"{kind} {number}" for kind, number in report.placeholders.items())
    stdout.print(Text(f"Masked: {counts or 'nothing'}"))
    if report.removed:
        removed = ", ".join(f"{kind} {number}" for kind, number in report.removed.items())
        stdout.print(Text(f"Removed before anything is stored: {removed}"))
    if report.doubts:
        console.print(f"[yellow]{report.doubts} places may be personal still.[/] Look at them.")
    else:
        console.print("Nothing else looks personal. No check without a language model sees it all.")


def _styled(checked: CheckedText) -> Text:
    styled = Text(_printable(checked.text))
    for start, end, _ in checked.placeholders:
        styled.stylize("bold green", start, end)
    for doubt in checked.doubts:
        styled.stylize("bold yellow", doubt.start, doubt.end)
    return styled


def _printable(text: str) -> str:
    """Nothing that a terminal would take for a command; as long as the text."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)

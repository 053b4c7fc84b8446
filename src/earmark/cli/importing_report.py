"""What `earmark import` tells: how files are read, what is in them, what was left out."""

from datetime import datetime

from rich.table import Table

from earmark.cli.output import console, escape, stdout
from earmark.db.models import Model, Run, StageProgress
from earmark.db.sync_storage import Coverage
from earmark.pipeline.importing import ImportCounts
from earmark.pipeline.mask import KnownValues, drop_secrets, mask
from earmark.sources.base import Order
from earmark.sources.file_shelf import FileShelf, to_time
from earmark.sources.files import FileSource

_PREVIEW_ROWS = 6
_PREVIEW_WIDTH = 90


class FileReport(Model):
    """How one file is read."""

    path: str
    form: str
    columns: dict[str, str]
    """Column by what it is taken for; `turns.` before those of an item of the turns."""
    unused: tuple[str, ...]
    html: bool


class LeftOut(Model):
    """Rows that are left out for one reason."""

    reason: str
    rows: int
    first_file: str
    first_line: int


class PreviewRow(Model):
    """A message as it would be read, masked."""

    conversation_id: str
    at: datetime
    author_role: str
    text: str


class Contents(Model):
    """What the files hold, once they are put together."""

    conversations: int
    messages: int
    by_customers: int
    by_teammates: int
    by_bots: int
    contacts: int
    companies: int
    teammates: int
    bad_rows: int
    repeated: int
    """Messages of which the files hold another version, or the same again."""
    first: datetime | None
    last: datetime | None


class ImportReport(Model):
    """All of it; what was stored only if it was."""

    workspace: str
    name: str
    files: tuple[FileReport, ...]
    contents: Contents
    left_out: tuple[LeftOut, ...]
    unknown_author_kinds: tuple[str, ...]
    preview: tuple[PreviewRow, ...]
    stored: ImportCounts | None = None
    run: Run | None = None
    stages: tuple[StageProgress, ...] = ()
    coverage: Coverage | None = None


async def describe(source: FileSource) -> ImportReport:
    """What can be said before anything is stored."""
    identity = await source.identity()
    counts = source.shelf.counts()
    return ImportReport(
        workspace=identity.code,
        name=identity.name,
        files=tuple(_describe_files(source)),
        contents=Contents(
            **counts._asdict(),
            repeated=source.shelf.read - counts.messages,
            first=await source.edge(Order.CREATED, newest=False),
            last=await source.edge(Order.UPDATED, newest=True),
        ),
        left_out=tuple(
            LeftOut(reason=reason, rows=rows, first_file=file, first_line=line)
            for reason, rows, file, line in source.shelf.bad_reasons()
        ),
        unknown_author_kinds=tuple(_masked(kind, ()) for kind in source.unknown_kinds),
        preview=tuple(_preview(source.shelf)),
    )


def _describe_files(source: FileSource) -> list[FileReport]:
    found: list[FileReport] = []
    for plan in source.plans:
        columns = plan.columns.named()
        if plan.turn_columns is not None:
            inner = plan.turn_columns.named()
            columns |= {f"turns.{field}": name for field, name in inner.items()}
        found.append(
            FileReport(
                path=str(plan.path),
                form=plan.form,
                columns=columns,
                unused=plan.unused,
                html=plan.html,
            )
        )
    return found


def _preview(shelf: FileShelf) -> list[PreviewRow]:
    rows = shelf.rows(
        "SELECT conversation, at, role, author_name, text FROM messages ORDER BY place LIMIT ?",
        _PREVIEW_ROWS,
    )
    return [
        PreviewRow(
            conversation_id=conversation,
            at=to_time(at),
            author_role=role,
            text=_masked(text, (author,) if author else ())[:_PREVIEW_WIDTH],
        )
        for conversation, at, role, author, text in rows
    ]


def _masked(text: str, names: tuple[str, ...]) -> str:
    (masked,) = mask([drop_secrets(text)[0]], KnownValues(names=names))
    return " ".join(masked.text.split())


def tell_contents(report: ImportReport) -> None:
    """On the terminal: how the files are read, what is in them."""
    for file in report.files:
        console.print(f"[bold]{escape(file.path)}[/] ({file.form}{', HTML' if file.html else ''})")
        named = [f"{field} = {name}" for field, name in file.columns.items()]
        console.print(f"  {', '.join(named) or 'no rows'}", markup=False)
        if file.unused:
            console.print(f"  not used: {', '.join(file.unused)}", markup=False)
        _warn(file)
    contents = report.contents
    span = (
        f", {contents.first:%Y-%m-%d} to {contents.last:%Y-%m-%d}"
        if contents.first and contents.last
        else ""
    )
    console.print(
        f"{contents.conversations:,} conversations with {contents.messages:,} messages{span}:"
        f" {contents.by_customers:,} by customers, {contents.by_teammates:,} by teammates,"
        f" {contents.by_bots:,} by bots. {contents.contacts:,} contacts, {contents.companies:,}"
        f" companies. {contents.repeated:,} messages came more than once."
    )
    _tell_left_out(report)


def _warn(file: FileReport) -> None:
    fields = {field.removeprefix("turns.") for field in file.columns}
    if not fields:
        return
    if "time" not in fields:
        console.print("  No column holds a time: everything is dated as the file is.")
    if "author_kind" not in fields:
        console.print("  No column says who wrote: everything is taken for customers' words.")
    if "conversation" not in fields:
        console.print("  No column names conversations: each row is one.")


def _tell_left_out(report: ImportReport) -> None:
    if report.left_out:
        console.print(f"{report.contents.bad_rows:,} rows are left out:")
    for reason in report.left_out[:10]:
        console.print(
            f"  {reason.rows:,} × {escape(reason.reason)}"
            f" (first: {escape(reason.first_file)}, line {reason.first_line})"
        )
    if report.unknown_author_kinds:
        console.print(
            f"  Unknown kinds of author: {escape(', '.join(report.unknown_author_kinds))}."
            r" Say in a mapping what they are: \[author_kinds]"
        )


def tell_preview(report: ImportReport) -> None:
    """The first rows as they would be read."""
    table = Table("conversation", "time (UTC)", "by", "text (masked)", box=None)
    for row in report.preview:
        table.add_row(
            escape(row.conversation_id),
            f"{row.at:%Y-%m-%d %H:%M}",
            row.author_role,
            escape(row.text),
        )
    stdout.print(table)


def tell_stored(report: ImportReport) -> None:
    """What the import has changed."""
    stored = report.stored
    if stored is None:
        return
    console.print(
        f"{stored.new:,} new, {stored.changed:,} changed, {stored.unchanged:,} as they were,"
        f" {stored.older:,} older than what is stored. Workspace: {report.workspace}."
    )
    if report.run is not None and report.run.error:
        console.print(report.run.error, markup=False)
    elif report.run is not None and report.stages:
        console.print(f"See them: earmark themes --workspace {report.workspace}, or earmark serve")

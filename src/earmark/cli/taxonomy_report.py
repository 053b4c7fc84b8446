"""What the `earmark taxonomy` commands print, as documents and as tables."""

from collections.abc import Sequence

from rich.table import Table

from earmark.cli.output import console, escape, stdout
from earmark.db.change_storage import ChangeStatus, PreviewStatus, TaxonomyChange
from earmark.db.models import Model, Run, Taxonomy
from earmark.db.preview_models import Preview
from earmark.db.taxonomy_storage import TaxonomyVersion
from earmark.pipeline.taxonomy_change import name_operation
from earmark.pipeline.taxonomy_diff import Operation
from earmark.pipeline.taxonomy_file import TaxonomyFile, tell_place
from earmark.pipeline.taxonomy_rules import Finding

_MOST_MOVES = 20


class ChangeLine(Model):
    """A change in a list."""

    id: int
    status: ChangeStatus
    base_version: int
    applied_version: int | None
    reverted_version: int | None
    preview_status: PreviewStatus | None
    note: str


class VersionsReport(Model):
    """All versions and changes, newest first."""

    workspace: str
    versions: tuple[TaxonomyVersion, ...]
    changes: tuple[ChangeLine, ...]


class TaxonomyReport(Model):
    """A version of the taxonomy."""

    workspace: str
    taxonomy: Taxonomy


class DiffReport(Model):
    """What a file or a draft would change, and what is wrong with it."""

    workspace: str
    base_version: int
    newest_version: int
    made_of: int | None
    """The version that the draft or the file says it was made of; null for a file without one."""
    is_stale: bool
    """Whether that is another than the newest: it cannot be applied then."""
    change_id: int | None
    """The draft; null for a file that is not one yet."""
    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...]
    written: bool
    """Whether a draft was made or changed by this command."""


class PreviewReport(Model):
    """What a draft would do."""

    workspace: str
    change_id: int
    status: PreviewStatus | None
    error: str | None
    preview: Preview | None


class OutcomeReport(Model):
    """What became of a change; without a run, it was only said what would become of it."""

    workspace: str
    change_id: int
    status: ChangeStatus
    version: int | None
    operations: tuple[Operation, ...]
    run: Run | None
    written: bool


def tell_taxonomy(taxonomy: Taxonomy) -> None:
    """Categories and areas of a version."""
    table = Table("Category", "Name", "Examples", "Definition", box=None)
    for category in taxonomy.categories:
        table.add_row(
            *(escape(category.id), escape(category.name), str(len(category.examples))),
            escape(category.definition),
        )
    stdout.print(table)
    if taxonomy.areas:
        areas = Table("Area", "Name", "Part of", "Tags and paths", box=None)
        for area in taxonomy.areas:
            areas.add_row(
                *(escape(area.id), escape(area.name), escape(area.parent_id or "")),
                escape(", ".join(area.patterns)),
            )
        stdout.print(areas)
    console.print(
        f"Version {taxonomy.version}. Categories: {len(taxonomy.categories)}, areas:"
        f" {len(taxonomy.areas)}. Edit it: earmark taxonomy export"
    )


def tell_versions(report: VersionsReport) -> None:
    """Versions, then changes."""
    table = Table("Version", "Made", "Categories", "Areas", "Change", "Note", box=None)
    for version in report.versions:
        table.add_row(
            *(str(version.version), f"{version.created_at:%Y-%m-%d %H:%M}"),
            *(str(version.categories), str(version.areas), str(version.change_id or "")),
            escape(version.note),
        )
    stdout.print(table)
    if report.changes:
        changes = Table(
            "Change", "Status", "Of version", "Made version", "Taken back by", "Note", box=None
        )
        for change in report.changes:
            changes.add_row(
                *(str(change.id), change.status, str(change.base_version)),
                *(str(change.applied_version or ""), str(change.reverted_version or "")),
                escape(change.note),
            )
        stdout.print(changes)


def tell_diff(report: DiffReport, file: TaxonomyFile | None = None) -> None:
    """Operations on stdout, findings on stderr."""
    tell_operations(report.operations)
    if report.is_stale:
        _tell_stale(report)
    for finding in report.findings:
        colour = "bold red" if finding.severity == "error" else "bold yellow"
        place = escape(tell_place(file, finding))
        console.print(f"[{colour}]{finding.severity}[/] {place}: {escape(finding.what)}")
        console.print(f"  {escape(finding.why)} [bold]Next:[/] {escape(finding.fix)}")


def _tell_stale(report: DiffReport) -> None:
    fix = (
        "Export the taxonomy anew and make your edits there."
        if report.change_id is None
        else "Put a file made of the present version into it:"
        " earmark taxonomy import FILE --replace --yes, or: earmark taxonomy discard --yes"
    )
    console.print(
        f"[bold red]error[/] Made of version {report.made_of}, and the taxonomy is at version"
        f" {report.newest_version}: it cannot be applied.\n  [bold]Next:[/] {fix}"
    )


def tell_operations(operations: Sequence[Operation]) -> None:
    """A line per operation."""
    for operation in operations:
        stdout.print(escape(name_operation(operation)))
    if not operations:
        console.print("Nothing changes.")


def tell_preview(change: TaxonomyChange, preview: Preview) -> None:
    """What moves, how sure, which labels, what it takes."""
    table = Table("Now", "Then", "Conversations", "", box=None)
    moves = [move for move in preview.moves if move.before != move.after]
    for move in moves[:_MOST_MOVES]:
        table.add_row(
            *(escape(move.before), escape(move.after), f"{move.conversations:,}"),
            "as the draft says" if move.is_meant else "",
        )
    stdout.print(table)
    moved = sum(move.conversations for move in moves if not move.is_meant)
    console.print(
        f"Read {preview.read:,} of the {preview.conversations:,} conversations of the last twelve"
        f" weeks: {moved:,} would move that the draft does not itself rename."
    )
    now, then = preview.before, preview.after
    console.print(
        f"Cannot tell: {now.cannot_tell:.1%} now, {then.cannot_tell:.1%} then."
        f" Mean confidence: {now.confidence:.2f} now, {then.confidence:.2f} then."
    )
    aside = [label for label in preview.labels if label.becomes is None]
    if aside:
        said = ", ".join(f"{label.labels:,} of {label.category_id}" for label in aside)
        console.print(f"Labels by people that would be put aside: {escape(said)}.")
    tell_cost(preview)
    console.print(f"Apply it: earmark taxonomy apply {change.id} --yes")


def tell_cost(preview: Preview) -> None:
    """What the replay takes."""
    cost = preview.cost
    time = "time not known" if cost.seconds is None else f"about {cost.seconds:,.0f} s"
    money = "no model calls"
    if cost.model is not None:
        usd = "price not known" if cost.usd is None else f"at most ${cost.usd:,.2f}"
        money = f"{cost.input_tokens or 0:,} tokens to {cost.model}, {usd}"
    console.print(
        f"The replay reads {cost.conversations:,} conversations again: {time}, {escape(money)}."
    )

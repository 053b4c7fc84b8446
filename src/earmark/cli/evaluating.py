"""`earmark eval`: how right the labels are, and whether a newer version is better."""

from typing import Annotated, Literal

import typer
from rich.table import Table

from earmark.api.accuracy import AccuracyReport, report_accuracy
from earmark.api.changes import Changes
from earmark.api.versions import compare_versions
from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    console,
    escape,
    execute,
    print_json,
    stdout,
)
from earmark.cli.workspaces import open_workspace
from earmark.db.models import Interval
from earmark.evaluation.gates import Comparison

StageOption = Annotated[
    Literal["open", "final"],
    typer.Option(help="`open`: by the first message alone; `final`: by the whole thread."),
]


def evaluate(
    stage: StageOption = "final",
    compare: Annotated[
        str | None,
        typer.Option(
            help="An older version to hold what is said now against: a model's version or its"
            " beginning, or `taxonomy N`. Exits with 1 if it was surely better."
        ),
    ] = None,
    with_: Annotated[
        str | None,
        typer.Option("--with", help="With --compare: a newer version, instead of now."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """How right the labels are, by what people say of conversations drawn by chance."""
    if with_ is not None and compare is None:
        raise typer.BadParameter("it needs --compare", param_hint="--with")
    if compare is None:
        execute(_report(workspace, stage, as_json), as_json=as_json)
    else:
        execute(_compare(workspace, stage, (compare, with_), as_json), as_json=as_json)


async def _report(code: str | None, stage: Literal["open", "final"], as_json: bool) -> ExitCode:
    async with open_workspace(code) as (reader, workspace):
        report = await report_accuracy(reader, workspace.id, stage)
    if as_json:
        print_json(report)
        return ExitCode.DONE
    accuracy = report.accuracy
    if accuracy.labels == 0:
        stdout.print(
            f"Nobody has labelled a conversation that was drawn by chance yet; {report.needed} are"
            " needed before shares are shown as measured."
        )
    else:
        _print_accuracy(report)
    _print_changes(report.changes)
    _print_quotes(report)
    return ExitCode.DONE


def _print_accuracy(report: AccuracyReport) -> None:
    accuracy = report.accuracy
    stdout.print(
        f"{accuracy.labels:,} labels by people, drawn by chance. Right: {_share(accuracy.right)};"
        f" of what the machine decided: {_share(accuracy.right_of_decided)}; cannot tell:"
        f" {_share(accuracy.undecided)}; macro-F1: {_share(accuracy.macro_f1)}."
    )
    table = Table("Category", "People say", "Machine says", "Precision", "Recall", "F1")
    for one in accuracy.classes:
        table.add_row(
            *(escape(one.category_id), str(one.answered), str(one.said)),
            *(_share(one.precision), _share(one.recall), _share(one.f1)),
        )
    stdout.print(table)
    if report.confidence.error is not None:
        stdout.print(f"Calibration error: {report.confidence.error:.1%}.")
    agreement = report.agreement
    if agreement.items:
        stdout.print(
            f"Labellers agree on {_share(agreement.agreed)} of {agreement.items:,} conversations;"
            f" alpha {_number(agreement.alpha)}."
        )
    _print_versions(report)


def _print_versions(report: AccuracyReport) -> None:
    table = Table("Version", "By", "Taxonomy", "Labelled conversations", "Since")
    for one in report.versions:
        table.add_row(
            *(escape(one.model_version), one.decider.value, str(one.taxonomy_version)),
            *(f"{one.conversations:,}", f"{one.first_at:%Y-%m-%d %H:%M}"),
        )
    stdout.print(table)
    if len(report.versions) > 1:
        console.print("Is the newer one better? earmark eval --compare VERSION")


def _print_changes(changes: Changes) -> None:
    changed = [one for one in changes.mix if one.is_sure]
    for one in changed:
        stdout.print(
            f"The share of {escape(one.category_id)} has surely changed: {_share(one.recent_share)}"
            f" in the last {changes.recent_days} days, {_share(one.before_share)} in the"
            f" {changes.before_days} before."
        )
    if changes.audits is not None:
        stdout.print(
            f"Of {changes.audited:,} sure labels of the local model that a language model was asked"
            f" about by chance, it agreed with {_share(changes.audits)}."
        )
    if changes.promise is not None and changes.promise.judged:
        promise = changes.promise
        stdout.print(
            f"The local model promised {promise.target:.0%} precision where it decides alone; of"
            f" {promise.judged:,} judged since, right: {_share(promise.precision)}."
        )


def _print_quotes(report: AccuracyReport) -> None:
    for one in report.quotes:
        stdout.print(
            f"Quotes of {escape(one.model_version)}: {one.dropped:,} of"
            f" {one.located + one.dropped:,} not found in their message ({_share(one.failed)})."
        )


async def _compare(
    code: str | None,
    stage: Literal["open", "final"],
    versions: tuple[str, str | None],
    as_json: bool,
) -> ExitCode:
    async with open_workspace(code) as (reader, workspace):
        found = await compare_versions(reader, workspace.id, stage, *versions)
    if as_json:
        print_json(found)
    else:
        _print_comparison(found)
    return ExitCode.FAILED if found.verdict == "worse" else ExitCode.DONE


def _print_comparison(found: Comparison) -> None:
    stdout.print(
        f"{found.items:,} conversations. Right: {found.right_before:,} before,"
        f" {found.right_after:,} after; only before {found.only_before:,}, only after"
        f" {found.only_after:,} (McNemar p = {found.p_value:.3g})."
    )
    change = found.macro_f1_change
    stdout.print(
        f"Macro-F1: {found.macro_f1_before:.1%} before, {found.macro_f1_after:.1%} after;"
        f" change {change.value:+.1%} ({change.low:+.1%} to {change.high:+.1%})."
    )
    stdout.print(f"[bold]{found.verdict.capitalize()}.[/] {found.reason}")


def _share(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    return f"{interval.value:.1%} ({interval.low:.1%}-{interval.high:.1%})"


def _number(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    return f"{interval.value:.2f} ({interval.low:.2f}-{interval.high:.2f})"

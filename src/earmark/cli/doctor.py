"""`earmark doctor`: is everything there that Earmark needs, and if not, what to type next."""

import shutil
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    configure_logging,
    escape,
    execute,
    print_json,
    stdout,
)
from earmark.db import client_tools, sync_storage, taxonomy_storage, workspace_storage
from earmark.db.connection import connect
from earmark.db.migration import require_known, schema_state
from earmark.db.models import Model
from earmark.errors import EarmarkError
from earmark.llm.locality import is_local
from earmark.settings import Settings
from earmark.wiring import Wiring

_LEAST_FREE_BYTES: Final = 2 * 1024**3


class Finding(Model):
    """One thing that was looked at."""

    name: str
    status: Literal["ok", "missing", "failed"]
    """`missing` hinders nothing that works without it."""
    detail: str
    next: str = ""


class Report(Model):
    """All findings."""

    findings: tuple[Finding, ...]


def doctor(as_json: JsonOption = False) -> None:
    """Check settings, disk, database, Intercom's token and region, the encoder, and the model."""
    execute(_doctor(as_json), as_json=as_json)


async def _doctor(as_json: bool) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    checks: dict[str, Callable[[Wiring], Awaitable[Finding]]] = {
        "disk": _disk,
        "database": _database,
        "intercom": _intercom,
        "model": look_at_model,
        "encoder": _encoder,
        "workspaces": _workspaces,
    }
    findings = [await _look(name, check, wiring) for name, check in checks.items()]
    if as_json:
        print_json(Report(findings=tuple(findings)))
    else:
        _tell(findings)
    if any(finding.status == "failed" for finding in findings):
        return ExitCode.FAILED
    return ExitCode.DONE


async def _look(
    name: str, check: Callable[[Wiring], Awaitable[Finding]], wiring: Wiring
) -> Finding:
    try:
        return await check(wiring)
    except EarmarkError as error:
        detail = f"{error.what} {error.why}".strip()
        return Finding(name=name, status="failed", detail=detail, next=error.fix)


async def _disk(wiring: Wiring) -> Finding:
    folder = wiring.settings.data_dir
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    return Finding(
        name="disk",
        status="ok" if free > _LEAST_FREE_BYTES else "failed",
        detail=f"{free / 1e9:,.1f} GB free for {folder}",
        next="" if free > _LEAST_FREE_BYTES else "Free some space, or set EARMARK_DATA_DIR.",
    )


async def _database(wiring: Wiring) -> Finding:
    async with wiring.conninfo() as conninfo, connect(conninfo) as connection:
        about = await client_tools.describe(connection)
        state = await schema_state(connection)
    require_known(state)
    kind = "embedded" if wiring.uses_embedded else "external"
    behind = not wiring.uses_embedded and state.pending
    return Finding(
        name="database",
        status="failed" if behind else "ok",
        detail=f"PostgreSQL {about.server_version}, {kind}, {about.size_bytes / 1e6:,.0f} MB,"
        f" schema {state.current} of {state.latest}",
        next="Run `earmark db migrate`." if behind else "",
    )


async def _intercom(wiring: Wiring) -> Finding:
    if wiring.settings.secret("intercom_access_token") is None:
        return Finding(
            name="intercom",
            status="missing",
            detail="no access token",
            next="Set INTERCOM_ACCESS_TOKEN for your own workspace; `earmark demo` needs none.",
        )
    async with wiring.source() as source:
        identity = await source.identity()
        conversations = await source.count(since=None, until=identity.server_time)
    region = (identity.region or "").lower()
    configured = wiring.settings.intercom_region
    elsewhere = wiring.settings.intercom_base_url is None and region not in ("", configured)
    return Finding(
        name="intercom",
        status="failed" if elsewhere else "ok",
        detail=f"{identity.name} ({identity.code}), region {region or 'unknown'},"
        f" {conversations:,} conversations",
        next=f"Set INTERCOM_REGION={region}." if elsewhere else "Run `earmark sync --plan`.",
    )


async def look_at_model(wiring: Wiring) -> Finding:
    """Asks it a question of a few words: so key, model and address are right."""
    options = wiring.model_options()
    if options is None:
        return Finding(
            name="model",
            status="missing",
            detail="offline: no language model is asked, no text leaves this machine",
            next="Nothing has to be done; a model can be named with EARMARK_MODEL.",
        )
    from earmark.llm.provider import open_language_model  # noqa: PLC0415 - loads numpy

    async with open_language_model(options) as model:
        form = await model.dialect.probe()
    leaves = (
        "masked conversations go to a server on this machine"
        if is_local(options.address)
        else f"masked conversations are sent to {options.address}"
    )
    return Finding(name="model", status="ok", detail=f"{model.name} answers ({form}); {leaves}")


async def _encoder(wiring: Wiring) -> Finding:
    from earmark.llm.encoders import look_at  # noqa: PLC0415 - loads numpy

    state = await look_at(wiring.encoder_choice())
    detail = f"{state.name}: {state.problem}"
    if state.ready:
        about = f", {state.version}, {state.dimensions} dimensions" if state.version else ""
        detail = f"{state.name}{about}"
    return Finding(
        name="encoder",
        status="ok" if state.ready else "failed",
        detail=detail,
        next=state.fix,
    )


async def _workspaces(wiring: Wiring) -> Finding:
    async with wiring.database() as database, database.read() as reader:
        known = await workspace_storage.list_workspaces(reader)
        details: list[str] = []
        for workspace in known:
            coverage = await sync_storage.get_coverage(reader, workspace.id)
            model = await taxonomy_storage.latest_model(reader, workspace.id)
            fitted = f"model {model.version}" if model else "no model yet"
            details.append(
                f"{workspace.code}: {coverage.stored:,} of {coverage.expected:,}"
                f" conversations, {fitted}"
            )
    return Finding(
        name="workspaces",
        status="ok" if known else "missing",
        detail="; ".join(details) or "none yet",
        next="Run `earmark serve` and open the web app." if known else "Run `earmark demo`.",
    )


def _tell(findings: list[Finding]) -> None:
    marks = {
        "ok": "[green]ok[/]     ",
        "missing": "[yellow]missing[/]",
        "failed": "[red]failed[/] ",
    }
    for finding in findings:
        stdout.print(f"{marks[finding.status]} {finding.name}: {escape(finding.detail)}")
        if finding.next:
            stdout.print(f"        → {escape(finding.next)}")

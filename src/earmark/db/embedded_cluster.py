"""A new cluster: made under another name, and given its own when nothing is missing any more."""

import os
import secrets
import shutil
import sys
import tempfile
from asyncio import to_thread
from pathlib import Path

from earmark.db.embedded_account import Account, Outcome, run
from earmark.db.embedded_binaries import Binaries
from earmark.db.embedded_layout import (
    DATABASE,
    OTHER_FOLDER,
    ROLE,
    Layout,
    full_disk_error,
    write_file,
)
from earmark.db.embedded_socket import make_private
from earmark.errors import ConfigurationError, DatabaseError

# Character classes by Unicode and order by code point, the same on every system; no ICU needed.
_INITDB = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=scram-sha-256",
    "--auth-host=scram-sha-256",
    f"--username={ROLE}",
    "--no-sync",
    "--no-instructions",
)
# Nothing waits for the disk until all is there. Linux then writes it in one go, which was 150 times
# as fast as file by file on a busy disk.
_SYNC = ("--sync-only", *(["--sync-method=syncfs"] if sys.platform == "linux" else []))
# A refused statement is reported to the client alone: its message may quote a customer's text, and
# the server's log shall hold none. The server's own processes still log their errors.
_PREPARATION = f"CREATE DATABASE {DATABASE}\nALTER ROLE {ROLE} SET log_min_messages = 'log'\n"
_INCLUDES = """
# The first file is Earmark's; the second is yours, and wins.
include = '../../settings.conf'
include_if_exists = '../../override.conf'
"""
_OVERRIDES = """\
# Settings for the embedded PostgreSQL: they win over settings.conf, and take effect at its next
# start (some seconds after the last Earmark process has ended, it stops).
"""
_SETTINGS = """\
# Earmark's own: changes here are undone. Put your own settings into override.conf.
max_connections = 60
shared_buffers = 128MB
work_mem = 16MB
maintenance_work_mem = 256MB
effective_cache_size = 1GB
random_page_cost = 1.1
jit = off
fsync = on
synchronous_commit = on
wal_level = minimal
max_wal_senders = 0
max_logical_replication_workers = 0
min_wal_size = 80MB
max_wal_size = 1GB
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = off
log_destination = 'stderr'
log_checkpoints = off
log_min_error_statement = panic
"""
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (asked for its size only)
_ENOUGH_SHARED_MEMORY = 1024**3


async def create_cluster(layout: Layout, account: Account, binaries: Binaries) -> None:
    """Make the cluster with its role and database. Call under the start lock.

    Whatever a killed attempt has left is removed first: it never bore the name `data`, so nobody
    has stored anything in it.
    """
    await to_thread(_make_room, layout, account)
    work = Path(tempfile.mkdtemp(prefix="new-", dir=layout.server))
    try:
        await to_thread(make_private, work, account)
        await _initialise(layout, account, binaries, work)
        await to_thread(_give_name, layout, work / "data")
    finally:
        await to_thread(shutil.rmtree, work, ignore_errors=True)


def write_settings(layout: Layout) -> None:
    """Earmark's settings for the next start; the administrator's file if there is none yet."""
    settings = _SETTINGS + _shared_memory_setting()
    if not layout.settings.exists() or layout.settings.read_text() != settings:
        write_file(layout.settings, settings, mode=0o644)
    if not layout.overrides.exists():
        write_file(layout.overrides, _OVERRIDES, mode=0o644)


def read_password(layout: Layout) -> str:
    """The role's password; ConfigurationError if its file is lost."""
    try:
        return layout.password.read_text().strip()
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"The password file {layout.password} is missing.",
            why="Without it nobody can sign in to the database beside it.",
            fix="Put the file back from a backup of the data directory.",
        ) from error


async def _initialise(layout: Layout, account: Account, binaries: Binaries, work: Path) -> None:
    data = work / "data"
    password = await to_thread(_hand_over_password, layout, account, work)
    initdb = binaries.program("initdb")
    made = await run(
        initdb, *_INITDB, f"--pwfile={password}", "-D", data, account=account, folder=work
    )
    _check(made, layout, "initdb")
    prepared = await run(
        *(binaries.program("postgres"), "--single", "-F", "-D", data, "postgres"),
        account=account,
        folder=work,
        text=_PREPARATION,
    )
    _check(prepared, layout, "postgres --single")
    await to_thread(_append, data / "postgresql.conf", _INCLUDES)
    synced = await run(initdb, *_SYNC, "-D", data, account=account, folder=work)
    _check(synced, layout, "initdb --sync-only")


def _check(outcome: Outcome, layout: Layout, program: str) -> None:
    """The stand-alone server ends with 0 even if a statement failed, so its words count too."""
    if "No space left on device" in outcome.output:
        raise full_disk_error(layout.directory)
    failures = [line for line in outcome.output.splitlines() if _reports_failure(line)]
    if outcome.code or failures:
        raise DatabaseError(
            "The embedded PostgreSQL could not make its cluster.",
            why=f"{program} ended with {outcome.code}: {' '.join(failures) or outcome.output}",
            fix="Run `earmark doctor`; it checks what PostgreSQL needs.",
        )


def _reports_failure(line: str) -> bool:
    return any(word in line for word in ("ERROR:", "FATAL:", "PANIC:", "error:"))


def _make_room(layout: Layout, account: Account) -> None:
    if layout.data.exists() and any(layout.data.iterdir()):
        raise ConfigurationError(
            f"{layout.data} is in the way: it holds something else than a PostgreSQL cluster.",
            why="Earmark makes its cluster there, and removes nothing that it has not made.",
            fix=f"Move it away. {OTHER_FOLDER} to leave it there.",
        )
    make_private(layout.server, account)
    for leftover in layout.server.glob("new-*"):
        # A killed Earmark's initdb may still be writing there; what stays goes the next time.
        shutil.rmtree(leftover, ignore_errors=True)


def _give_name(layout: Layout, finished: Path) -> None:
    """The rename is the mark of completeness; it fails if something of that name is there."""
    finished.rename(layout.data)
    for folder in (layout.server, layout.directory):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _hand_over_password(layout: Layout, account: Account, work: Path) -> Path:
    """A file for initdb. The password itself is kept before there is a cluster that has it."""
    if not layout.password.exists():
        write_file(layout.password, secrets.token_urlsafe(32) + "\n", mode=0o600)
    password = work / "password"
    write_file(password, layout.password.read_text(), mode=0o600)
    if account.switch:
        os.chown(password, account.uid, account.gid, follow_symlinks=False)
    return password


def _append(file: Path, text: str) -> None:
    with file.open("a") as end:
        end.write(text)


def _shared_memory_setting() -> str:
    """Containers often get 64 MB of /dev/shm, too little for a parallel index build."""
    if not _SHARED_MEMORY.is_dir():
        return ""
    size = os.statvfs(_SHARED_MEMORY)
    if size.f_blocks * size.f_frsize >= _ENOUGH_SHARED_MEMORY:
        return ""
    return "dynamic_shared_memory_type = sysv\n"

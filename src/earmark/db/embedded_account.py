"""Under which account the server runs, and programs run under it.

PostgreSQL refuses to run as root. Under root Earmark starts its programs as an ordinary account of
the system, and neither makes an account nor opens a permission for it.
"""

import asyncio
import os
import sys
from asyncio.subprocess import STDOUT
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from earmark.db.embedded_layout import OTHER_FOLDER, OTHER_SERVER, Layout
from earmark.db.models import Model
from earmark.errors import ConfigurationError

if sys.platform != "win32":
    import pwd

# Nothing of Earmark's own environment, which may hold secrets; messages in English.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_FIRST_CLOSED = 'for f do test -x "$f" || { printf %s "$f"; exit 1; }; done'
_ALL_READABLE = 'for f do test -r "$f" || exit 1; done'


class Account(Model):
    """The account of the server's processes and files."""

    name: str
    uid: int
    gid: int
    switch: bool
    """Earmark is root, and changes to this account to run a program."""


class Outcome(NamedTuple):
    """How a program ended, and what it wrote to either output."""

    code: int
    output: str


def find_account(layout: Layout, name: str) -> Account:
    """The owner of the cluster if there is one; else the own account, under root the named one."""
    mine = os.geteuid()
    owner = layout.server.stat() if layout.server.exists() else None
    if mine != 0:
        if owner and owner.st_uid != mine:
            raise _foreign_cluster(layout)
        account = Account(name=_name(mine), uid=mine, gid=os.getegid(), switch=False)
        return account if layout.has_cluster() else _with_entry(account)
    if owner and owner.st_uid != 0:
        return Account(name=_name(owner.st_uid), uid=owner.st_uid, gid=owner.st_gid, switch=True)
    return _named(name)


async def run(
    *command: str | Path,
    account: Account,
    folder: Path,
    environment: Sequence[tuple[str, str]] = (),
    text: str = "",
) -> Outcome:
    """Run a program to its end under the account, in a session of its own; it reads `text`.

    Files stand for pipes: a server that it leaves behind would keep a pipe open for ever.
    """
    with TemporaryFile() as given, TemporaryFile() as output:
        given.write(text.encode())
        given.seek(0)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=given,
            stdout=output,
            stderr=STDOUT,
            cwd=folder,
            env={**_ENVIRONMENT, **dict(environment)},
            start_new_session=True,  # a Ctrl-C at the terminal is for Earmark alone
            umask=0o077,
            user=account.uid if account.switch else None,
            group=account.gid if account.switch else None,
            extra_groups=() if account.switch else None,
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        output.seek(0)
        return Outcome(code, output.read().decode(errors="replace"))


async def can_read(account: Account, files: Sequence[Path]) -> bool:
    """Whether the account reaches and may read all of them."""
    if not account.switch:
        return True
    answer = await run(
        "/bin/sh", "-c", _ALL_READABLE, "sh", *files, account=account, folder=Path("/")
    )
    return answer.code == 0


async def check_reachable(account: Account, directory: Path) -> None:
    """ConfigurationError if the account cannot pass a folder on the way.

    The system itself is asked: mode bits do not tell what access lists and security modules say.
    """
    if not account.switch:
        return
    folders = [folder for folder in (*reversed(directory.parents), directory) if folder.is_dir()]
    try:
        answer = await run(
            "/bin/sh", "-c", _FIRST_CLOSED, "sh", *folders, account=account, folder=Path("/")
        )
    except OSError as error:
        raise ConfigurationError(
            f"Earmark runs as root and cannot change to the account {account.name}.",
            why=f"PostgreSQL does not run as root; the system says: {error.strerror}.",
            fix=f"Start Earmark as an ordinary user, or {OTHER_SERVER}.",
        ) from error
    if answer.code:
        raise _closed_folder(account, Path(answer.output), directory)


def _closed_folder(account: Account, folder: Path, directory: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The account {account.name} cannot enter {folder}, on the way to {directory}.",
        why=f"Under root, PostgreSQL runs as {account.name}, and Earmark opens no permission.",
        fix=f"{OTHER_FOLDER}, for example /var/lib/earmark; or start Earmark as an ordinary user.",
    )


def _foreign_cluster(layout: Layout) -> ConfigurationError:
    owner = _name(layout.directory.stat().st_uid)
    return ConfigurationError(
        f"The data directory {layout.directory} belongs to the account {owner}.",
        why="Only that account and root may start its PostgreSQL.",
        fix=f"Start Earmark as {owner}. {OTHER_FOLDER} for a separate database.",
    )


def _named(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise ConfigurationError(
            f"There is no account {name} on this system.",
            why="Earmark runs as root, and PostgreSQL needs an ordinary account.",
            fix="Name an existing one, or start Earmark as an ordinary user.",
        ) from error
    if entry.pw_uid == 0:
        raise ConfigurationError(
            f"The account {name} is root under another name.",
            why="PostgreSQL does not run as root.",
            fix="Name an ordinary account, such as nobody.",
        )
    return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, switch=True)


def _with_entry(account: Account) -> Account:
    """The account, if the system knows its name: initdb insists on that (the server does not)."""
    if account.name == str(account.uid):
        raise ConfigurationError(
            f"The user id {account.uid} has no name on this system.",
            why="PostgreSQL makes a new cluster only for an account that has one.",
            fix=f"Run the container as a user of its /etc/passwd or as root, or {OTHER_SERVER}.",
        )
    return account


def _name(uid: int) -> str:
    """The account's name; its number where the system knows no name (containers)."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

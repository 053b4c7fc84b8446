"""The folder of the server's Unix socket.

It lies beside the data unless the path is too long for a socket's address (or the file system holds
no sockets): then it is a private folder below the temporary one, noted beside the data.
"""

import os
import socket
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from earmark.db.embedded_account import Account
from earmark.db.embedded_layout import PORT, Layout

# The kernel's limits without the final zero byte; macOS has the shorter one.
_LONGEST = 107 if sys.platform == "linux" else 103
_FILE = f".s.PGSQL.{PORT}"
# libpq and PostgreSQL read lists here: a comma or a quote would be taken for syntax.
_SYNTAX = ',"'


def find_socket_folder(layout: Layout, account: Account) -> Path:
    """Where a running server of this cluster listens."""
    return _recorded(layout, account) or layout.socket


def prepare_socket_folder(layout: Layout, account: Account) -> Path:
    """A folder that a server to be started can listen in.

    Call under the start lock and when no server runs: a socket that is still there is dead then,
    and goes, with its lock file, whose pid may belong to another program by now.
    """
    folder = _recorded(layout, account) or _choose(layout, account)
    for leftover in (_FILE, f"{_FILE}.lock"):
        (folder / leftover).unlink(missing_ok=True)
    return folder


def _choose(layout: Layout, account: Account) -> Path:
    if _fits(layout.socket):
        make_private(layout.socket, account)
        if holds_sockets(layout.socket):
            layout.socket_record.unlink(missing_ok=True)
            return layout.socket
    folder = _make_short_folder(account)
    layout.socket_record.write_text(f"{folder}\n{layout.server.stat().st_ino}\n")
    layout.socket_record.chmod(0o644)  # the watcher, under the server's account, reads it
    return folder


def make_private(folder: Path, account: Account) -> None:
    """The folder, with the server's account as its only user."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account.switch:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def _recorded(layout: Layout, account: Account) -> Path | None:
    """The noted folder, if it is still there and still private to the account.

    Another program may have taken the name since a restart of the machine emptied the temporary
    folder; and a note copied along with a whole data directory names the original's folder.
    """
    with suppress(FileNotFoundError, ValueError):
        name, inode = layout.socket_record.read_text().splitlines()
        found = Path(name).lstat()
        private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
        if private and found.st_uid == account.uid and layout.server.stat().st_ino == int(inode):
            return Path(name)
    return None


def _make_short_folder(account: Account) -> Path:
    for parent in dict.fromkeys([tempfile.gettempdir(), "/tmp"]):  # noqa: S108 (mkdtemp is safe there)
        folder = Path(tempfile.mkdtemp(prefix="earmark-", dir=parent))
        if _fits(folder):
            make_private(folder, account)
            return folder
        folder.rmdir()
    raise OSError("no temporary folder has a path short enough for a socket")


def _fits(folder: Path) -> bool:
    path = str(folder / _FILE)
    return len(os.fsencode(path)) <= _LONGEST and not any(mark in path for mark in _SYNTAX)


def holds_sockets(folder: Path) -> bool:
    """Some shared and network file systems do not."""
    trial = folder / f".s.{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(trial))
        except OSError:
            return False
    trial.unlink()
    return True

"""The folder of the server's Unix socket.

It lies beside the data unless its path is too long for a socket's address (or the file system holds
no sockets): then it is a private folder below the temporary one. Its name is random: a server whose
data directory was removed deletes its socket by path as it ends, and must not hit that of the
server of a new directory in the same place.
"""

import os
import socket
import stat
import sys
import tempfile
from pathlib import Path

from earmark.db.embedded_account import Account
from earmark.db.embedded_layout import PORT, Layout, write_file

# The kernel's limits without the final zero byte; macOS has the shorter one.
_LONGEST = 107 if sys.platform == "linux" else 103
_PREFIX = "earmark-"
_FILE = f".s.PGSQL.{PORT}"
# libpq and PostgreSQL read lists here: a comma or a quote would be taken for syntax.
_SYNTAX = ',"'


def find_socket_folder(layout: Layout, account: Account) -> Path | None:
    """Where a running server of this cluster listens; None if there can be none.

    What the record names counts only if it is still private to the account: another program may
    have taken the name since a restart of the machine emptied the temporary folder. And a record
    copied along with a whole data directory names the folder of the original.
    """
    try:
        name, inode = layout.socket_record.read_text().splitlines()
        folder = layout.directory / name
        found = folder.lstat()
        same = layout.server.stat().st_ino == int(inode)
    except (FileNotFoundError, ValueError):
        return None
    private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    return folder if same and private and found.st_uid == account.uid else None


def prepare_socket_folder(layout: Layout, account: Account) -> Path:
    """A folder that a server to be started can listen in.

    Call under the start lock and when no server runs: a socket that is still there is dead then,
    and goes, with its lock file, whose pid may belong to another program by now.
    """
    folder = find_socket_folder(layout, account)
    if not folder:
        folder = _choose(layout, account)
        _record(layout, folder)
    _clear(folder)
    return folder


def _choose(layout: Layout, account: Account) -> Path:
    for outdated in layout.server.glob(f"{_PREFIX}*"):
        _clear(outdated)
        outdated.rmdir()
    for parent in dict.fromkeys([str(layout.server), tempfile.gettempdir(), "/tmp"]):  # noqa: S108 (mkdtemp is safe there)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        if _fits(folder) and holds_sockets(folder):
            make_private(folder, account)
            return folder
        folder.rmdir()
    raise OSError("no folder is fit for a socket: paths are too long")


def _record(layout: Layout, folder: Path) -> None:
    inside = folder.is_relative_to(layout.directory)
    name = folder.relative_to(layout.directory) if inside else folder
    text = f"{name}\n{layout.server.stat().st_ino}\n"
    # Readable for all: the watcher has the rights of the server's account.
    write_file(layout.socket_record, text, mode=0o644)


def _clear(folder: Path) -> None:
    for leftover in (_FILE, f"{_FILE}.lock"):
        (folder / leftover).unlink(missing_ok=True)


def make_private(folder: Path, account: Account) -> None:
    """The folder, with the server's account as its only user."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account.switch:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


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

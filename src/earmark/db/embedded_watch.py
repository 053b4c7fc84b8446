"""The watcher: a small process of its own that stops the embedded server when nobody uses it.

Run as a script by a bare interpreter (`python -I -S`), so this file uses the standard library only.

Why no client can lose its server:

- A client holds `clients.lock` shared for as long as it may use the server. The watcher signals
  the server only while it holds that lock exclusively, hence while there is no client; a client
  that arrives during the stop waits for the lock and then starts the server again.
- The watcher leaves of its own accord only in that state, and lets go of `watcher.lock` before
  `clients.lock`. So a client that has its lock and finds `watcher.lock` taken knows that the
  watcher stays for as long as the client does; if it finds it free, it starts a watcher.
- A client makes sure of the watcher before it starts the server, so a client killed at any moment
  leaves a watcher behind; and again as it leaves, in case the watcher was killed meanwhile. Locks
  belong to the kernel: a killed process holds none.
- A process is signalled only if its command line names this data directory: a number in an old
  `postmaster.pid` proves nothing.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import NamedTuple

if sys.platform != "win32":
    import fcntl

_LOG_LIMIT = 5 * 1024 * 1024
_FAST_SHUTDOWN = (signal.SIGINT, 60.0)
_IMMEDIATE_SHUTDOWN = (signal.SIGQUIT, 10.0)
_SHORT_PAUSE = 0.05


class Postmaster(NamedTuple):
    """What `postmaster.pid` claims; true only if `is_postmaster` says so."""

    pid: int
    status: str


def try_lock(lock: int, *, exclusive: bool) -> bool:
    """Take the lock on an open file without waiting."""
    mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(lock, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_postmaster(data: Path) -> Postmaster | None:
    """Line 1 of the file is the pid, line 8 the status; None if it is not there or cut short."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        status = lines[7].strip() if len(lines) > 7 else "starting"
        return Postmaster(abs(int(lines[0])), status)
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether this process is a PostgreSQL server on `data`; a dead, unreaped one is none."""
    command = b" " + _command_line(pid) + b" "
    return b"postgres" in command and b" -D " + os.fsencode(data) + b" " in command


def running_postmaster(data: Path) -> Postmaster | None:
    """The process that has `data` open as a server, in whatever state, if there is one."""
    claimed = read_postmaster(data)
    return claimed if claimed and is_postmaster(claimed.pid, data) else None


def stop_postmaster(pid: int, data: Path, *, orphaned: bool = False) -> bool:
    """Fast shutdown, then an immediate one; False if the server is still there after both.

    An `orphaned` one has lost its directory and gets the immediate one alone: a fast shutdown
    writes `pg_control` by its path, which may belong to another cluster by now.

    Does nothing, and gives True, if `pid` is no server on `data`.
    """
    steps = (_IMMEDIATE_SHUTDOWN,) if orphaned else (_FAST_SHUTDOWN, _IMMEDIATE_SHUTDOWN)
    for number, patience in steps:
        end = monotonic() + patience
        if is_postmaster(pid, data):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        while is_postmaster(pid, data):
            if monotonic() > end:
                break
            _pause(0.02)
        else:
            return True
    return False


def read_socket_folder(record: Path) -> Path | None:
    """The folder that the record's first line names, from the record on, if there is a record."""
    try:
        return record.parent / record.read_text().splitlines()[0]
    except (FileNotFoundError, IndexError):
        return None


def remove_folder(folder: Path | None) -> None:
    """Remove it if it is empty, as a stopped server leaves it; the next start makes another."""
    if folder:
        with suppress(OSError):
            folder.rmdir()


def trim_log(log: Path, limit: int = _LOG_LIMIT) -> None:
    """Keep the log below `limit` bytes, and as much again in a second file.

    The server appends, so its file can be emptied under it; a line written between the copy and the
    cut is lost.
    """
    try:
        if log.stat().st_size > limit:
            with log.open("rb+") as file:
                file.seek(-limit, os.SEEK_END)
                (log.parent / (log.name + ".1")).write_bytes(file.read())
                file.truncate(0)
    except OSError as error:  # a full disk must not end the watch: the next round tries again
        _report(f"{log} could not be trimmed: {error}")


class Watch(NamedTuple):
    """What the watcher is told at its start."""

    data: Path
    log: Path
    socket_record: Path
    watcher_lock: Path
    clients_lock: Path
    linger: float
    uid: int
    gid: int

    def to_arguments(self) -> list[str]:
        return [str(part) for part in self]

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> "Watch":
        data, log, socket_record, watcher_lock, clients_lock = map(Path, arguments[:5])
        linger, (uid, gid) = float(arguments[5]), map(int, arguments[6:])
        return cls(data, log, socket_record, watcher_lock, clients_lock, linger, uid, gid)


def main(arguments: Sequence[str]) -> None:
    """Return in the first process as soon as a watcher holds the lock; the second one watches."""
    watch = Watch.from_arguments(arguments)
    mine = os.open(watch.watcher_lock, os.O_RDWR)
    if not _take_over(mine):
        return
    clients = os.open(watch.clients_lock, os.O_RDWR)
    if os.fork() == 0:
        _detach(watch)
        leftover = _watch(watch, clients)
        if not stop_postmaster(leftover.pid, watch.data, orphaned=leftover.orphaned):
            _report(f"PostgreSQL {leftover.pid} does not stop")
        remove_folder(leftover.socket_folder)
        os.close(mine)
        os.close(clients)


def _take_over(mine: int) -> bool:
    """False if there is a watcher. A client that looks for one holds the lock for an instant."""
    for _ in range(10):
        if try_lock(mine, exclusive=True):
            return True
        _pause(0.01)
    return False


def _detach(watch: Watch) -> None:
    """Hold no terminal and no foreign folder, and drop root's rights for those of the server."""
    os.chdir("/")
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(watch.gid)
        os.setuid(watch.uid)
    log = os.open(watch.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, standard in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(source, standard)
    os.close(nothing)
    os.close(log)


class Leftover(NamedTuple):
    """What is to be cleared away after the watch; 0 and None if it was never seen."""

    pid: int = 0
    socket_folder: Path | None = None
    orphaned: bool = False
    """Its data directory is gone, or another one has its name."""


def _watch(watch: Watch, clients: int) -> Leftover:
    """Wait until the server is of no use any more.

    Either nobody uses it: then the lock is held when this returns. Or its data directory is gone:
    then what was last seen of it is given, as another directory may be in its place by now.
    """
    interval = max(_SHORT_PAUSE, min(1.0, watch.linger / 4))
    identity = _identity(watch.data)
    seen, last_visit, quiet_since = Leftover(), 0, monotonic()
    while identity and _identity(watch.data) == identity:
        trim_log(watch.log)
        alone = try_lock(clients, exclusive=True)
        claimed = read_postmaster(watch.data)
        if claimed and claimed.pid != seen.pid and is_postmaster(claimed.pid, watch.data):
            seen = Leftover(claimed.pid, read_socket_folder(watch.socket_record))
        visit = os.fstat(clients).st_mtime_ns  # clients touch the file as they come and go
        if not alone or visit != last_visit or _is_recovering(claimed, watch.data):
            last_visit, quiet_since = visit, monotonic()
        elif monotonic() - quiet_since >= watch.linger:
            return seen
        if alone:
            fcntl.flock(clients, fcntl.LOCK_UN)
        _pause(interval if seen.pid else _SHORT_PAUSE)  # the first server is to be seen in time
    return seen._replace(orphaned=True)


def _is_recovering(claimed: Postmaster | None, data: Path) -> bool:
    """Such a server is let finish, or a slow recovery would begin again at every start."""
    return bool(claimed and claimed.status == "starting" and is_postmaster(claimed.pid, data))


def _report(problem: str) -> None:
    """Standard error is the server's log by then."""
    sys.stderr.write(f"earmark: {problem}\n")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _command_line(pid: int) -> bytes:
    """The arguments of a process, separated by spaces; empty if it is not there or has ended."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return b""
    command = ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, check=False).stdout.strip()  # noqa: S603 (a fixed program and a number)


def _pause(seconds: float) -> None:
    select.select([], [], [], seconds)


if __name__ == "__main__":
    main(sys.argv[1:])

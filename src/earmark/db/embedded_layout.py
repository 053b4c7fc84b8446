"""Where the parts of one embedded cluster lie, and what an unusable folder is reported as."""

import errno
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from earmark.db.models import Model
from earmark.errors import ConfigurationError, DatabaseFull, EarmarkError

MAJOR = 18
"""Major version of the PostgreSQL that Earmark starts."""
ROLE = "earmark"
DATABASE = "earmark"
PORT = 5432
"""Only part of the socket's file name: the server listens on no TCP port."""

OTHER_FOLDER = "Set EARMARK_DATA_DIR to another folder"
OTHER_SERVER = "set DATABASE_URL to a PostgreSQL 15 or newer with pgvector"


class Layout(Model):
    """Fixed names below the one folder that is given; locks are never deleted."""

    directory: Path

    @property
    def server(self) -> Path:
        """The only part that belongs to the account that the server runs as."""
        return self.directory / "server"

    @property
    def data(self) -> Path:
        """PGDATA. It gets this name when it is complete: what bears it is a finished cluster."""
        return self.server / "data"

    @property
    def log(self) -> Path:
        return self.server / "postgres.log"

    @property
    def socket_record(self) -> Path:
        """Names the folder of the server's socket."""
        return self.directory / "socket-folder"

    @property
    def password(self) -> Path:
        return self.directory / "password"

    @property
    def settings(self) -> Path:
        """Earmark's PostgreSQL settings, put right at every start."""
        return self.directory / "settings.conf"

    @property
    def overrides(self) -> Path:
        """The administrator's PostgreSQL settings, which win over Earmark's."""
        return self.directory / "override.conf"

    @property
    def binaries(self) -> Path:
        return self.directory / "binaries"

    @property
    def start_lock(self) -> Path:
        return self.directory / "start.lock"

    @property
    def clients_lock(self) -> Path:
        return self.directory / "clients.lock"

    @property
    def watcher_lock(self) -> Path:
        return self.directory / "watcher.lock"

    def has_cluster(self) -> bool:
        return (self.data / "PG_VERSION").is_file()

    def check_version(self) -> None:
        """ConfigurationError if the cluster is of another major version than the binaries."""
        if not self.has_cluster():
            return
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != str(MAJOR):
            raise ConfigurationError(
                f"{self.data} was made by PostgreSQL {found}, and this Earmark carries {MAJOR}.",
                why="A PostgreSQL cannot open the files of another major version.",
                fix="Run `earmark db dump` with the Earmark that made it, move the folder away, "
                "then run `earmark db restore` with this one.",
            )


def tail(log: Path, *, start: int = 0, limit: int = 2_000) -> str:
    """The end of the server's log, from byte `start` on and at most `limit` bytes."""
    if log.is_symlink() or not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - limit))
        return file.read().decode(errors="replace").strip()


def write_file(path: Path, text: str, *, mode: int) -> None:
    """Whole or not at all; a link of that name is replaced, not followed."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            os.fchmod(descriptor, mode)
            file.flush()
            os.fsync(descriptor)
        Path(name).rename(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def explained_errors(directory: Path) -> Generator[None]:
    """Turn what the file system refuses into an error that says which folder, why and what next."""
    try:
        yield
    except OSError as error:
        raise folder_error(error, directory) from error


def folder_error(error: OSError, directory: Path) -> EarmarkError:
    """Ours for a refusal of the file system on something below `directory`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return full_disk_error(directory)
    place = Path(error.filename or directory)
    why = f"{place}: {error.strerror or error}."
    if place.is_relative_to(directory) or directory.is_relative_to(place):
        return ConfigurationError(
            f"The data directory {directory} cannot be used.",
            why=why,
            fix=f"Give this account the right to write there. {OTHER_FOLDER}, or {OTHER_SERVER}.",
        )
    return ConfigurationError(
        "The embedded PostgreSQL cannot be started.", why=why, fix=f"Mend that, or {OTHER_SERVER}."
    )


def full_disk_error(directory: Path) -> DatabaseFull:
    return DatabaseFull(
        "The embedded PostgreSQL has no space left.",
        why=f"The disk that holds {directory} is full.",
        fix=f"Free some space (a new cluster takes 100 MB). {OTHER_FOLDER} if there is none.",
    )

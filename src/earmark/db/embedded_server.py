"""Starting the server, or finding that it runs already.

Every decision is made under the start lock, and none rests on a pid file: a server runs if it
answers at its socket and accepts the password.
"""

import asyncio
import os
import shlex
import shutil
import sys
from pathlib import Path
from time import time

from psycopg import AsyncConnection, OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping
from pydantic import SecretStr

from earmark.db import embedded_watch
from earmark.db.embedded_account import Account, check_reachable, run
from earmark.db.embedded_binaries import find_runnable
from earmark.db.embedded_cluster import create_cluster, read_password, write_settings
from earmark.db.embedded_layout import DATABASE, PORT, ROLE, Layout, full_disk_error, tail
from earmark.db.embedded_lock import opened
from earmark.db.embedded_socket import find_socket_folder, prepare_socket_folder
from earmark.db.embedded_watch import Watch, read_postmaster, running_postmaster, try_lock
from earmark.db.models import Model
from earmark.errors import ConfigurationError, DatabaseError, DatabaseUnavailable

# What PostgreSQL says while processes of a killed server still hold its memory, or when a pid file
# has come up since we looked: both pass.
_PASSING = ("is still in use", 'lock file "postmaster.pid" already exists')
_REFUSED = ("password authentication failed", "does not exist", "pg_hba.conf")
_HALF_WRITTEN_SECONDS = 5.0


class EmbeddedServer(Model):
    """A running embedded server, with all that a client needs to connect."""

    directory: Path
    host: str
    """The folder of its Unix socket."""
    port: int = PORT
    user: str = ROLE
    password: SecretStr
    dbname: str = DATABASE
    pid: int
    version: str
    """As PostgreSQL writes it: 18.4."""

    def conninfo(self) -> str:
        """A libpq keyword string, password included: never log it."""
        return make_conninfo(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password.get_secret_value(),
            dbname=self.dbname,
            require_auth="scram-sha-256",  # a stranger's server is not told the password
        )

    def environment(self) -> dict[str, str]:
        """The same for libpq's programs, through variables: arguments are for all to see."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password.get_secret_value(),
            "PGDATABASE": self.dbname,
            "PGREQUIREAUTH": "scram-sha-256",
        }


class Supervisor:
    """One attempt to get at a cluster's server; `waiting_for` says what holds it up."""

    def __init__(self, layout: Layout, account: Account, *, linger: float) -> None:
        self.layout = layout
        self.account = account
        self.linger = linger
        self.waiting_for = "its turn"
        self._log_start = _size(layout.log)

    async def find_or_start(self) -> EmbeddedServer:
        """Call under the start lock, as a registered client; waits without end."""
        self.layout.check_version()
        if not self.layout.has_cluster():
            self.waiting_for = "initdb"
            await check_reachable(self.account, self.layout.directory)
            binaries = await find_runnable(self.layout, self.account)
            await create_cluster(self.layout, self.account, binaries)
        await self.ensure_watcher()
        while not (server := await self._find()):
            if await asyncio.to_thread(self._is_free):
                await self._start()
            await asyncio.sleep(0.05)
        return server

    def log_tail(self) -> str:
        """What the server has logged since this attempt began."""
        return tail(self.layout.log, start=self._log_start)

    async def _find(self) -> EmbeddedServer | None:
        folder = find_socket_folder(self.layout, self.account)
        if not folder:
            return None
        host = str(folder)
        address = make_conninfo(host=host, port=PORT, user=ROLE, dbname=DATABASE, connect_timeout=3)
        answer = await asyncio.to_thread(PGconn.ping, address.encode())
        if answer == Ping.OK:
            return await self._sign_in(host)
        self.waiting_for = (
            "the server, which is starting up, recovering or shutting down"
            if answer == Ping.REJECT
            else f"an answer at {host}"
        )
        return None

    async def _sign_in(self, host: str) -> EmbeddedServer | None:
        password = SecretStr(read_password(self.layout))
        draft = EmbeddedServer(
            directory=self.layout.directory, host=host, password=password, pid=0, version=""
        )
        try:
            async with await AsyncConnection.connect(
                draft.conninfo(), connect_timeout=5
            ) as session:
                version = session.info.parameter_status("server_version") or ""
        except OperationalError as error:
            reason = _last_line(error)
            if any(words in reason for words in _REFUSED):
                raise _sign_in_error(self.layout, reason) from error
            self.waiting_for = f"a session; the last attempt ended with: {reason}"
            return None
        postmaster = read_postmaster(self.layout.data)
        pid = postmaster.pid if postmaster else 0
        return draft.model_copy(update={"pid": pid, "version": version})

    def _is_free(self) -> bool:
        """Whether nothing has the cluster open, as far as can be seen from outside.

        A pid file that names some other program is removed, for PostgreSQL would take that program
        for a server. Nothing rests on it alone: PostgreSQL still refuses to start while a process
        of this cluster holds its shared memory.
        """
        if running_postmaster(self.layout.data):
            return False
        claimed = read_postmaster(self.layout.data)
        file = self.layout.data / "postmaster.pid"
        if claimed is None:
            return _remove_half_written(file)
        if _exists(claimed.pid):
            file.unlink(missing_ok=True)
        return True

    async def _start(self) -> None:
        """Start the server and wait until it is ready, or what prevents it may have passed."""
        await check_reachable(self.account, self.layout.directory)
        binaries = await find_runnable(self.layout, self.account)
        await asyncio.to_thread(write_settings, self.layout)
        socket = await asyncio.to_thread(prepare_socket_folder, self.layout, self.account)
        seen = _size(self.layout.log)
        self.waiting_for = "the server to start, or to recover from a crash"
        outcome = await run(
            *(binaries.program("pg_ctl"), "start", "--wait", "--timeout=86400", "--silent"),
            *(f"--log={self.layout.log.name}", "-o", _server_arguments(self.layout.data, socket)),
            account=self.account,
            folder=self.layout.server,
            environment=[("PGDATA", str(self.layout.data))],
        )
        if outcome.code == 0:
            return
        said = tail(self.layout.log, start=seen)
        if not any(words in said for words in _PASSING):
            raise _start_error(self.layout, said or outcome.output.strip())
        self.waiting_for = "processes of a killed server to end"
        await asyncio.sleep(0.5)

    async def ensure_watcher(self) -> None:
        """Start the watcher if there is none. Call as a registered client."""
        with opened(self.layout.watcher_lock) as lock:
            if not try_lock(lock, exclusive=True):
                return
        watch = Watch(
            data=self.layout.data,
            log=self.layout.log,
            socket_record=self.layout.socket_record,
            watcher_lock=self.layout.watcher_lock,
            clients_lock=self.layout.clients_lock,
            linger=self.linger,
            uid=self.account.uid,
            gid=self.account.gid,
        )
        self.waiting_for = "the watcher to start"
        # It changes to the server's account itself: that one may be unable to reach this Python.
        outcome = await run(
            *(sys.executable, "-I", "-S", embedded_watch.__file__, *watch.to_arguments()),
            account=self.account.model_copy(update={"switch": False}),
            folder=Path("/"),
        )
        if outcome.code:
            raise DatabaseError(
                "The process that stops the embedded PostgreSQL could not be started.",
                why=_final(outcome.output),
            )


def _server_arguments(data: Path, socket: Path) -> str:
    """What no settings file may change, quoted for the shell that pg_ctl uses."""
    arguments = [
        *("-D", str(data)),
        *("-c", "listen_addresses="),
        *("-c", f"unix_socket_directories={socket}"),
        *("-c", f"port={PORT}"),
    ]
    return shlex.join(arguments)


def _remove_half_written(file: Path) -> bool:
    """A pid file without a pid is a start in its first instant, or a crash of the machine."""
    try:
        age = time() - file.stat().st_mtime
    except FileNotFoundError:
        return True
    if abs(age) < _HALF_WRITTEN_SECONDS:
        return False
    file.unlink(missing_ok=True)
    return True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_full(folder: Path) -> bool:
    """Less than a WAL segment is left: then PostgreSQL cannot even log the reason."""
    return shutil.disk_usage(folder).free < 16 * 1024 * 1024


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _last_line(error: Exception) -> str:
    return _final(str(error))


def _final(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _start_error(layout: Layout, said: str) -> DatabaseError:
    if "No space left on device" in said or _is_full(layout.server):
        return full_disk_error(layout.directory)
    return DatabaseUnavailable(
        "The embedded PostgreSQL did not start.",
        why=f"Its log ends with:\n{said}\n",
        fix=f"Settings of your own are in {layout.overrides}; the whole log is {layout.log}.",
    )


def _sign_in_error(layout: Layout, reason: str) -> ConfigurationError:
    return ConfigurationError(
        "The embedded PostgreSQL runs and does not let Earmark in.",
        why=reason,
        fix=f"Put {layout.password} back as it was: it belongs to the cluster beside it.",
    )

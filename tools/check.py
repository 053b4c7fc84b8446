"""All checkers, one after the other: `python3 dev.py check [NAME …]`.

Each is run even if one before it failed; the exit code says whether all passed.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sizes import check_sizes
from texts import check_texts

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
WEBAPP = ROOT / "webapp"
BASELINE = ".secrets.baseline"
BASELINE_CORRECTED = 3
"""Exit code of the scanner when it found nothing new and brought line numbers up to date."""

Check = Callable[[], str]
"""Returns what is wrong; nothing if all is well."""


def program(*command: str, folder: Path = ROOT, passing: Sequence[int] = (0,)) -> Check:
    """A check that is another program: it passes with one of the given exit codes."""

    def check() -> str:
        done = subprocess.run(
            [str(BIN / command[0]) if (BIN / command[0]).exists() else command[0], *command[1:]],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return (
            "" if done.returncode in passing else (done.stdout + done.stderr).strip() or "it failed"
        )

    return check


def check_secrets() -> str:
    """Nothing that looks like a secret in any tracked file, save what the baseline explains.

    The baseline notes line numbers too. A line that has merely moved is no finding, so the
    scanner gets a copy that it may correct, and only its code for a new secret fails.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [
        name for name in listed.stdout.splitlines() if name != BASELINE and (ROOT / name).is_file()
    ]
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(ROOT / BASELINE, folder)
        hook = program(
            "detect-secrets-hook", "--baseline", copy, *files, passing=(0, BASELINE_CORRECTED)
        )
        return hook()


CHECKS: dict[str, Check] = {
    "lint": program("ruff", "check", "."),
    "format": program("ruff", "format", "--check", "."),
    "imports": program("lint-imports", "--no-logo"),
    "types": program("pyright"),
    "dependencies": program("deptry", "src"),
    "sizes": lambda: check_sizes(ROOT),
    "texts": lambda: check_texts(ROOT),
    "secrets": check_secrets,
    "generated": program(sys.executable, "tools/generate.py", "--check"),
    "schema": program(sys.executable, "-m", "pytest", "-q", "--no-header", "tests/migration"),
    "web-lint": program("npm", "run", "--silent", "lint", folder=WEBAPP),
    "web-types": program("npm", "run", "--silent", "types", folder=WEBAPP),
    "web-tests": program("npm", "run", "--silent", "test", folder=WEBAPP),
}


def main(names: Sequence[str]) -> int:
    """Run the named checks, or all."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"No such check: {', '.join(unknown)}. There are: {', '.join(CHECKS)}.")
        return 2
    failed: list[str] = []
    for name in names or list(CHECKS):
        started = time.monotonic()
        problem = CHECKS[name]()
        seconds = time.monotonic() - started
        print(f"{'FAILED' if problem else 'ok':7}{name:14}{seconds:6.1f} s", flush=True)
        if problem:
            print(problem)
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all clean")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

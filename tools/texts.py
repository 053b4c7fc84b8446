"""What must not stand in any tracked file: addresses of package registries, paths of a machine."""

import re
import subprocess
from pathlib import Path

_FORBIDDEN = {
    "a registry's address": re.compile(
        r"registry\.npmjs\.org|files\.pythonhosted\.org|pypi\.org/simple|--index[-]url"
    ),
    "a download address in a lock file": re.compile(r'"resolved["]:\s*"http'),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(?:home|Users)/(?!USER\b)\w+/"),
}
_BINARY = frozenset({".png", ".ico", ".woff2", ".gz"})


def check_texts(root: Path) -> str:
    """Each forbidden text with its place."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    problems: list[str] = []
    for name in listed.stdout.splitlines():
        file = root / name
        if file.is_file() and file.suffix not in _BINARY:
            problems += _find(name, file.read_text("utf-8"))
    return "\n".join(problems)


def _find(name: str, text: str) -> list[str]:
    return [
        f"{name}:{number}: {what}"
        for number, line in enumerate(text.splitlines(), start=1)
        for what, pattern in _FORBIDDEN.items()
        if pattern.search(line)
    ]

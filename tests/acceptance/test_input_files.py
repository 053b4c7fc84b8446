"""Files and ports that cannot be used: told at once, by name, without a trace of Python."""

import gzip
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from earmark.cli import build
from earmark.cli.simulating import open_dataset
from earmark.errors import InvalidInput
from tests.fixtures.demo import run_earmark

LINE = b'{"id": "a", "turns": [{"by": "customer", "text": "The export fails."}]}\n'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json\n", "line 1 is not a dialogue"),
        (LINE + b'{"id": "b"}\n', "line 2 is not a dialogue"),
        (LINE + b'{"id": "b", "turns": [{"by": "nobody", "text": "x"}]}', "line 2"),
        (LINE[:40], "line 1 is not a dialogue"),
        (b"\xff\xfe\x00", "line 1 is not a dialogue"),
        (b"", "There is no usable dialogue"),
        (b"\n\n", "There is no usable dialogue"),
    ],
    ids=["text", "field missing", "unknown speaker", "cut off", "binary", "empty", "blank"],
)
def test_unusable_file_is_told_with_its_line(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "dialogues.jsonl"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match=words) as caught:
        open_dataset(1, 7, [file], None)
    assert str(file) in str(caught.value)
    assert '"by": "customer"|"agent"|"bot"' in caught.value.fix


def test_file_that_is_no_gzip_is_told(tmp_path: Path) -> None:
    file = tmp_path / "dialogues.jsonl.gz"
    for content in (LINE, gzip.compress(LINE * 50)[:-20]):
        file.write_bytes(content)
        with pytest.raises(InvalidInput, match=f"{file} cannot be read"):
            open_dataset(1, 7, [file], None)


@pytest.mark.parametrize("command", ["simulate", "demo"])
def test_missing_file_or_folder_is_named(tmp_path: Path, command: str) -> None:
    for path in (tmp_path / "nothing.jsonl", tmp_path):
        done = run_earmark(tmp_path / "data", command, "--from", str(path))
        assert done.returncode == 2
        assert f"There is no file {path}" in done.stderr


def test_demo_of_an_unusable_file_tells_what_is_wrong_with_it(open_folder: Path) -> None:
    file = open_folder / "broken.jsonl"
    file.write_text("nonsense")
    done = run_earmark(open_folder / "broken", "demo", "--no-serve", "--from", str(file))
    assert done.returncode == 2
    assert "line 1 is not a dialogue" in done.stderr
    assert "defect" not in done.stderr


@pytest.mark.parametrize("command", [("serve",), ("simulate",), ("demo", "--conversations", "5")])
def test_taken_port_is_told(open_folder: Path, command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_earmark(open_folder / "ports", *command, "--port", port)
    assert done.returncode == 3
    assert f"Port {port} is taken" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize("command", ["serve", "simulate", "demo"])
def test_impossible_port_is_a_wrong_use(command: str) -> None:
    done = CliRunner().invoke(build([command]), [command, "--port", "65536"])
    assert done.exit_code == 2
    assert "65535" in done.output

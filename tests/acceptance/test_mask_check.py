"""`earmark mask --check` and the masked copy over HTTP."""

import json
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.fixtures.demo import run_earmark

PLAIN = "My name is Theodora Quill, mail tq@x.example.\nThe export fails.\n"
DOUBTFUL = "My colleague Harriet Moss has order 123456789012 and \x1b[31m password: Tr0ub4dor&3\n"


def test_text_is_shown_as_it_would_be_sent(open_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text(PLAIN)
    done = run_earmark(
        open_folder / "none", "mask", "--check", "--file", str(tmp_path / "plain.txt")
    )
    assert done.returncode == 0, done.stderr
    assert "My name is <NAME_1>, mail <EMAIL_1>.\nThe export fails." in done.stdout
    assert "Masked: NAME 1, EMAIL 1" in done.stdout
    assert "Removed" not in done.stdout


def test_what_may_be_personal_still_is_listed_and_told_by_the_exit_code(
    open_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text(DOUBTFUL)
    folder, words = open_folder / "none", ("mask", "--check", "--file", str(tmp_path / "text"))
    done = run_earmark(folder, *words)
    assert done.returncode == 4
    assert "? name after words of introduction: Harriet Moss" in done.stdout
    assert "? long number: 123456789012" in done.stdout
    assert "Tr0ub4dor" not in done.stdout
    assert "\x1b[31m" not in done.stdout
    assert "Harriet" not in done.stderr
    report = json.loads(run_earmark(folder, *words, "--json").stdout)
    assert report["doubts"] == 2
    assert report["removed"] == {"secret": 1}
    assert "Removed before anything is stored: secret 1" in done.stdout
    (text,) = report["texts"]
    assert [text["text"][start:end] for start, end, _ in text["doubts"]] == [
        "Harriet Moss",
        "123456789012",
    ]


def test_what_is_no_text_is_refused_and_not_called_clean(open_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "wide.txt").write_text(PLAIN, "utf-16")
    done = run_earmark(
        open_folder / "none", "mask", "--check", "--file", str(tmp_path / "wide.txt")
    )
    assert done.returncode == 2
    assert "is not a text in UTF-8" in done.stderr
    assert "Theodora" not in done.stdout + done.stderr


def test_what_to_check_must_be_named_once(open_folder: Path) -> None:
    for words in (("mask",), ("mask", "--check"), ("mask", "--check", "1", "--sample", "2")):
        done = run_earmark(open_folder / "none", *words)
        assert done.returncode == 2
        assert "Next:" in done.stderr


def test_sample_and_single_conversations_are_checked(
    demo: dict[str, Any], open_folder: Path
) -> None:
    assert demo["url"]
    folder = open_folder / "demo"
    sampled = run_earmark(folder, "mask", "--check", "--sample", "5", "--json")
    report = json.loads(sampled.stdout)
    assert sampled.returncode == (4 if report["doubts"] else 0)
    assert report["conversations"] == 5
    one = report["texts"][0]["conversation"]
    again = json.loads(run_earmark(folder, "mask", "--check", one, "--json").stdout)
    assert again["texts"] == [t for t in report["texts"] if t["conversation"] == one]
    missing = run_earmark(folder, "mask", "--check", "no-such-one")
    assert missing.returncode == 1
    assert "no-such-one" in missing.stderr


async def test_masked_copy_is_shown_and_revealed_only_when_asked(demo: dict[str, Any]) -> None:
    async with ClientSession(demo["url"]) as api:
        async with api.get("/api/v1/workspaces", raise_for_status=True) as answer:
            code = (await answer.json())[0]["code"]
        base = f"/api/v1/workspaces/{code}/conversations"
        async with api.get(base, params={"limit": 100}, raise_for_status=True) as answer:
            ids = [item["id"] for item in (await answer.json())["items"]]
        found = 0
        for identifier in ids[:20]:
            path = f"{base}/{identifier}/masked"
            async with api.get(path, raise_for_status=True) as answer:
                masked = await answer.json()
            async with api.get(path, params={"reveal": "true"}, raise_for_status=True) as answer:
                revealed = await answer.json()
            for plain, shown in zip(masked["messages"], revealed["messages"], strict=True):
                assert plain["text"] == shown["text"]
                assert all(item["original"] is None for item in plain["placeholders"])
                found += sum(item["original"] is not None for item in shown["placeholders"])
        assert found
        async with api.get(f"{base}/no-such-one/masked") as answer:
            assert answer.status == 404

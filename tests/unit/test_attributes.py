"""The file that says which attributes of companies hold what."""

from pathlib import Path

import pytest

from earmark.cli.attributes import read_attributes
from earmark.errors import InvalidInput


def test_attributes_are_read_with_and_without_their_prefix(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[company]\nplan = "tier"\nrevenue = "custom_attributes.mrr"\n')
    assert read_attributes(file) == {"plan": "tier", "revenue": "mrr"}


@pytest.mark.parametrize("text", ["[company", '[company]\nprice = "x"', "", '[company]\nplan = ""'])
def test_file_that_makes_no_sense_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=str(file)):
        read_attributes(file)

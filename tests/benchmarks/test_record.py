"""What trials found, and the document made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.record import DOCUMENT, RECORDS, Figure, commit_in_words, format_record, record

KEPT = sorted(RECORDS.glob("*.json"))


def test_a_record_says_what_it_is_of_and_whether_it_is_met(tmp_path: Path) -> None:
    figures = [Figure("files lost", "0", "0", True), Figure("slowest", "9 s", "5 s", False)]
    path = record("trial", "python -m benchmarks.trial", figures, raw=[1], folder=tmp_path)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["raw"] == [1] and found["commit"] and found["made"] and found["machine"]
    assert "| files lost | 0 | 0 | yes |" in format_record(path)
    assert "| slowest | 9 s | 5 s | **no** |" in format_record(path)
    assert format_record(path).startswith("`python -m benchmarks.trial`, ")


def test_a_commit_that_is_not_clean_is_called_so() -> None:
    assert commit_in_words("abc") == "commit `abc`"
    assert commit_in_words("abc-dirty") == "commit `abc` **and uncommitted changes**"
    assert "not recorded" in commit_in_words("unknown")


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_the_document_states_what_was_recorded(path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    start, end = f"<!-- {path.stem} -->", f"<!-- /{path.stem} -->"
    assert text.split(start)[1].split(end)[0].strip() == format_record(path)


def test_the_document_states_nothing_that_was_not_recorded() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    named = {line[5:-4] for line in text.splitlines() if line.startswith("<!-- /")}
    assert {name.removeprefix("/") for name in named} == {path.stem for path in KEPT}
    assert KEPT

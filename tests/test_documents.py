"""The documents are short, their links lead somewhere, and the map of the rooms is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.rooms import README, ROOMS_BLOCK, room_names, rooms_map

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
RELIABILITY = ROOT / "docs" / "reliability.md"
WORDS = (700, 1000)  # of the README, without code and without generated blocks


def text_of(path: Path) -> str:
    """A document's text, without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)


def anchors_of(path: Path) -> set[str]:
    """The anchors of a document's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(document)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        place = document.parent / name if name else document
        assert place.exists(), target
        assert not anchor or anchor in anchors_of(place), target


def test_the_readme_is_short() -> None:
    prose = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", text_of(README), flags=re.DOTALL)
    words = re.sub(r"\]\([^)]*\)", "]", prose).split()
    assert WORDS[0] < len(words) < WORDS[1]


def test_the_map_has_every_room_in_the_words_of_its_docstring() -> None:
    block = README.read_text(encoding="utf-8").split(f"<!-- {ROOMS_BLOCK} -->")[1]
    assert block.split(f"<!-- /{ROOMS_BLOCK} -->")[0].strip() == rooms_map(), "python -m docs.rooms"
    folders = {path.parent.name for path in ROOT.glob("covid_core/*/__init__.py")}
    assert sorted(room_names()) == sorted(folders)


def test_the_laboratory_book_is_linked_once() -> None:
    links = [
        path.name
        for path in DOCUMENTS
        for _ in re.findall(r"\]\([^)]*measurements.md", text_of(path))
    ]
    assert links == ["README.md"]


def test_the_tests_that_the_document_of_faults_names_are_there() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", RELIABILITY.read_text(encoding="utf-8"))
    assert len(named) > 40
    for file, test in named:
        assert not test or f"def {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert (ROOT / "tests" / file).is_file(), file

"""What the page and its exports compute of one radiograph: each thing once."""

from __future__ import annotations

import hashlib

import pytest

from covid_core.findings import Finding
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.lists import drop, list_page
from tests.app.page import run_page
from tests.counting import count_calls

OTHER = png(draw_phantom(KINDS[0]))
FILM = png(draw_phantom(KINDS[-1]))  # one class, COVID-19, is shown with its map


def test_shown_again_or_exported_it_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = count_calls(monkeypatch)
    page = run_page()
    page.file_uploader(key="film").set_value([("film.png", FILM, "")]).run()
    opened = {
        "files decoded": 1,
        "pictures prepared": 4,
        "gate": 1,
        "lungs": 1,
        "classifier": 1,
        "classifier, for checks": 2,  # the shortcut meter, and the tests of a map
        "maps": 4,  # of each class, and of the mirrored film for the tests
        "copies sought": 1,
        "neighbours sought": 1,
    }
    assert counts == opened
    page.run()
    assert counts == opened
    sha256 = hashlib.sha256(FILM).hexdigest()
    page.session_state[f"export-{sha256}"] = True
    page.run()
    assert not page.exception and page.session_state["files"]
    assert counts == opened, "all exports: PDF, PNG, JSON, DICOM, bundle"
    page.selectbox(key=f"export-class-{sha256}").set_value(Finding.NORMAL).run()
    once_more = {"classifier, for checks": 3, "maps": 5}  # tests of one more map
    assert not page.exception and counts == opened | once_more
    page.selectbox(key=f"export-class-{sha256}").set_value(Finding.COVID).run()
    page.selectbox(key=f"export-class-{sha256}").set_value(Finding.NORMAL).run()
    page.switch_page("app/pages/about.py").run()
    assert not page.exception and counts == opened | once_more


def test_a_film_opened_from_a_list_takes_the_reading_made_for_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = count_calls(monkeypatch)
    page = list_page(monkeypatch)
    drop(page, ("film.png", FILM), ("other.png", OTHER))
    page.run()
    listed = {
        "files decoded": 2,
        "pictures prepared": 6,
        "gate": 2,
        "lungs": 2,
        "classifier": 2,
        "maps": 6,
    }
    assert not page.exception and counts == listed
    worklist = page.session_state["worklist-state"]
    worklist.open = (next(item for item in worklist.entries if item.name == "film.png"),)
    page.run()
    assert not page.exception and any(one.proto.bytes for one in page.get("bidi_component"))
    assert counts == listed | {
        "files decoded": 3,  # its film was let go
        "pictures prepared": 7,  # for the search for copies
        "classifier, for checks": 2,
        "maps": 7,  # of the mirrored film, for the tests
        "copies sought": 1,
        "neighbours sought": 1,
    }

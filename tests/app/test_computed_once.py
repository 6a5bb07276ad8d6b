"""What the page and its exports compute of one radiograph: each thing once."""

from __future__ import annotations

import hashlib

import pytest
from streamlit.testing.v1 import AppTest

from covid_core.findings import CLASSES, Finding
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.lists import drop, list_page
from tests.app.page import run_page
from tests.counting import count_calls

OTHER = png(draw_phantom(KINDS[0]))
FILM = png(draw_phantom(KINDS[-1]))


def test_shown_again_or_exported_it_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = count_calls(monkeypatch)
    page = run_page()
    page.file_uploader(key="film").set_value([("film.png", FILM, "")]).run()
    shown = maps_shown(page)
    opened = {
        "files decoded": 1,
        "pictures prepared": 5,  # gate, lungs, classifier, search for copies and for public films
        "gate": 1,
        "lungs": 1,
        "classifier": 1,
        "classifier, for checks": 1 + len(shown),  # the shortcut meter, and the tests of each map
        "maps": 3 + len(shown),  # of each class, and of the mirrored film for the tests
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
    other = next(finding for finding in CLASSES if finding not in shown)
    page.selectbox(key=f"export-class-{sha256}").set_value(other).run()
    more = ("classifier, for checks", "maps")  # tests of one more map
    once_more = {name: opened[name] + 1 for name in more}
    assert not page.exception and counts == opened | once_more
    page.selectbox(key=f"export-class-{sha256}").set_value(min(shown)).run()
    page.selectbox(key=f"export-class-{sha256}").set_value(other).run()
    page.switch_page("app/pages/about.py").run()
    assert not page.exception and counts == opened | once_more


def maps_shown(page: AppTest) -> set[Finding]:
    """The classes whose maps the open film is shown with: the likeliest, and those that are due."""
    reading = page.session_state["current"].reading
    return {reading.prediction.label, *reading.due}


def test_a_film_opened_from_a_list_takes_the_reading_made_for_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = count_calls(monkeypatch)
    page = list_page(monkeypatch)
    drop(page, ("film.png", FILM), ("other.png", OTHER))
    page.run()
    listed = {
        "files decoded": 2,
        "pictures prepared": 8,
        "gate": 2,
        "lungs": 2,
        "classifier": 2,
        "classifier, for checks": 4,  # for what speaks against an answer stands in the list too
        "maps": 8,
        "copies sought": 2,
        "neighbours sought": 2,
    }
    assert not page.exception and counts == listed
    worklist = page.session_state["worklist-state"]
    worklist.open = (next(item for item in worklist.entries if item.name == "film.png"),)
    page.run()
    assert not page.exception and any(one.proto.bytes for one in page.get("bidi_component"))
    more = len(maps_shown(page)) - 1  # of the likeliest class the list tested it
    assert counts == listed | {
        "files decoded": 3,  # its film was let go
        "pictures prepared": 9,  # for the search for public films
        "classifier, for checks": 4 + more,
        "maps": 8 + more,
    }

"""What the page and its exports compute of one radiograph, counted."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.counting import count_calls

APP = Path(__file__).parent.parent.parent / "streamlit_app.py"
FILM = png(draw_phantom(KINDS[-1]))  # one class, COVID-19, is shown with its map


def test_what_a_radiograph_costs_when_shown_again_and_exported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = count_calls(monkeypatch)
    page = AppTest.from_file(str(APP), default_timeout=120).run()
    page.file_uploader(key="film").set_value([("film.png", FILM, "")]).run()
    opened = dict(counts)
    assert opened == {
        "files decoded": 1,
        "gate": 1,
        "lungs": 1,
        "classifier": 1,
        "classifier, for checks": 2,  # the shortcut meter, and the tests of a map
        "maps": 6,
        "copies sought": 1,
        "neighbours sought": 1,
    }
    page.run()
    assert counts["maps"] == 9
    page.session_state[f"take-{hashlib.sha256(FILM).hexdigest()}"] = True
    page.run()
    assert not page.exception and page.session_state["files"]
    assert counts == {name: 2 * times for name, times in opened.items()} | {"maps": 16}
    page.switch_page("app/pages/about.py").run()
    assert not page.exception and counts["maps"] == 17

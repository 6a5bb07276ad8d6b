"""Films for a list, the page that lists them, and what it shows: for the tests of both."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.radiograph import Radiograph
from tests.app.page import run_page

PAGE = Path(__file__).parent / "worklist_page.py"
FILMS = [(f"{n}.png", png(draw_phantom(KINDS[n % 3], size_px=192, seed=n))) for n in range(4)]
BAD = ("![x](canary.png)<img src=canary.png>.png", b"no film")
MARKUP = "canary.png"


def list_page(monkeypatch: pytest.MonkeyPatch, *, ahead: bool = False) -> AppTest:
    """The page, without a film. `ahead`: the next film of a list is read in a thread of its own."""
    if not ahead:
        monkeypatch.setattr("app.worklist_panel.read_ahead", lambda *_: None)
    # What asks for the next turn of scoring is the browser: here each run is one.
    monkeypatch.setattr("app.worklist_scoring._is_first_shown", lambda _: False)
    # The pages that a reading links to are not those of this one.
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    return run_page(PAGE)


def counted_predictions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SHA-256 of every film that the network judged, as it did."""
    made: list[str] = []
    predict = Predictor.predict

    def counted(predictor: Predictor, radiograph: Radiograph, *options: Any) -> Prediction:
        made.append(radiograph.sha256)
        return predict(predictor, radiograph, *options)

    monkeypatch.setattr(Predictor, "predict", counted)
    return made


def zipped(*files: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def drop(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.file_uploader(key="film").set_value([(name, data, "") for name, data in files]).run()
    assert not page.exception
    return page


def table(page: AppTest) -> Any:
    [frame] = page.dataframe
    return frame.value


def rendered(page: AppTest) -> str:
    """All that is shown as Markdown or markup."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "info", "warning")
    return "\n".join(getattr(element, "value", "") for kind in kinds for element in page.get(kind))

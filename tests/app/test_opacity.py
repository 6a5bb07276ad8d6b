"""The Read page by weights with an opacity map and the RSNA categories, and by others."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from streamlit.testing.v1 import AppTest

from app.worklist_table import cells_of
from covid_core.batch.worklist import Entry
from covid_core.findings import CLASSES
from covid_core.model.decision import Decision
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from tests.app.checked import Outcome
from tests.app.serving import drop, dropzone, in_browser, opened, served, settled
from tests.exports.results import made
from tests.models import save_opacity_weights

APP = Path(__file__).parent.parent.parent / "streamlit_app.py"
FILM = png(draw_phantom(size_px=256))
OPACITY = "Opacity, as radiologists box it"
ROW = {"decision": "normal", "tier": "no pneumonia seen"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_opacity_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def page(weights: Path, outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page by such weights, a phantom dropped on it."""
    monkeypatch.setattr("app.session.WEIGHTS", weights)
    return dropped()


def dropped(*more: str) -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=120).run()
    files = [(name, FILM, "") for name in ("film.png", *more)]
    return page.file_uploader(key="film").set_value(files).run()


def view_of(page: AppTest) -> dict[str, Any]:
    [data] = [one.proto.bytes for one in page.get("bidi_component") if one.proto.bytes]
    header: dict[str, Any] = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    return header


def said(page: AppTest) -> str:
    kinds = ("header", "markdown", "caption", "text", "warning")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def test_the_opacity_map_is_shown_first_and_grad_cam_stays(page: AppTest) -> None:
    assert not page.exception
    view = view_of(page)
    layers = view["layers"]
    assert [layer["name"] for layer in layers] == [OPACITY, *(f.display_name for f in CLASSES)]
    assert [layer["kind"] for layer in layers] == ["opacity"] + 3 * ["evidence"]
    assert view["layer"] == 0 and layers[0]["shown"]
    assert view["opacityColours"] and "Viridis" not in [one["name"] for one in view["colours"]]
    assert layers[0]["note"].startswith("Measured: its highest point")
    assert all(layer["note"].startswith("Not measured") for layer in layers[1:])


def test_no_map_at_all_is_drawn_where_none_may_be_and_each_says_why(
    weights: Path, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.session.WEIGHTS", weights)
    monkeypatch.setattr(Decision, "draws_heat", False)
    layers = view_of(dropped())["layers"]
    assert [layer["name"] for layer in layers][0] == OPACITY
    assert not any(layer["shown"] for layer in layers)
    assert all(layer["why"].startswith("No heat is drawn: the answer") for layer in layers)


def test_the_rsna_category_stands_by_the_call_with_its_own_figures(page: AppTest) -> None:
    words = said(page)
    assert re.search(r"\*\*RSNA category:\*\* (Typical|Indeterminate|Atypical|Negative)", words)
    assert re.search(r"Measured: \w+ against the rest, AUROC 0\.81", words)


def test_every_export_holds_the_opacity_map(page: AppTest) -> None:
    sha256 = hashlib.sha256(FILM).hexdigest()
    page.session_state[f"export-{sha256}"] = True
    page.run()
    assert not page.exception
    _, files = page.session_state["files"]
    assert Image.open(io.BytesIO(files.opacity)).size[0] >= 512
    assert json.loads(files.json)["opacity"]["peak"] > 0
    with zipfile.ZipFile(io.BytesIO(files.bundle)) as bundle:
        assert bundle.read("opacity.png") == files.opacity


def test_weights_without_it_look_as_before(outcome: Outcome, tmp_path: Path) -> None:
    from covid_core.model.card import WEIGHTS, read_card

    if read_card(WEIGHTS).opacity_map:
        pytest.skip("the shipped weights have an opacity map")
    page = dropped()
    view = view_of(page)
    assert [layer["name"] for layer in view["layers"]] == [f.display_name for f in CLASSES]
    assert view["opacityColours"] is None and view["texts"]["class"] == "Heat for"
    assert view["layers"][view["layer"]]["kind"] == "evidence"
    assert "RSNA category" not in said(page)


def test_a_row_of_the_list_has_the_peak_and_the_category() -> None:
    plain, full = (
        cells_of(Entry("a.png", ROW, prediction=made(opacity=one).prediction))
        for one in (False, True)
    )
    assert full == plain | {"opacity": pytest.approx(0.86), "category": "Typical appearance"}


@pytest.fixture(scope="module")
def address(weights: Path) -> Iterator[str]:
    with served(weights=weights) as address:
        yield address


class TestInBrowser:
    pytestmark = in_browser

    def test_the_reader_chooses_between_opacity_and_grad_cam(
        self, browser: Browser, address: str
    ) -> None:
        with opened(browser, address) as page:
            expect(dropzone(page)).to_be_visible(timeout=240_000)
            settled(page)
            drop(page, ("film.png", FILM))
            expect(page.get_by_text("RSNA category:")).to_be_visible(timeout=240_000)
            viewer = page.locator(".viewer")
            expect(viewer.locator("#markedName")).to_have_text("Radiograph", timeout=240_000)
            viewer.press("t")
            expect(viewer.locator("#markedName")).to_have_text("Opacity map")
            expect(viewer.locator("#hot")).to_have_text("1: probability of an opacity")
            expect(viewer.locator("#note")).to_contain_text("Measured: its highest point")
            expect(viewer.locator("#colours")).to_be_disabled()
            groups = viewer.locator("#layer optgroup")
            assert [one.get_attribute("label") for one in groups.all()] == [
                "Opacity",
                "What the network used",
            ]
            viewer.locator("#layer").select_option(label="COVID-19")
            expect(viewer.locator("#hot")).to_have_text("strong")
            expect(viewer.locator("#note")).to_contain_text("Not measured")
            expect(viewer.locator("#colours")).to_be_enabled()
            settled(page)

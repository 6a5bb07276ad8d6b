"""The Read page in real headless Chromium: real files dropped, every export opened elsewhere."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from app.texts.common import DROP_ANYWHERE, MODEL, PHANTOM_BUTTONS
from app.texts.read import PHANTOM as PHANTOM_HEADING
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.serving import drop, dropzone, in_browser, opened, settled, wait_for_list
from tests.films import dicom_file, encode
from tests.waits import wait_until

pytestmark = in_browser
PHANTOM = draw_phantom(KINDS[-1], size_px=512)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address) as page:
        expect(dropzone(page)).to_be_visible()
        settled(page)
        yield page


def viewer(page: Page) -> None:
    """Until the film is drawn."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot &&"
        " e.shadowRoot.querySelector('[data-paints]'))",
    )


EXPORTS = (
    "Report (PDF)",
    "Overlay (PNG)",
    "Result (JSON)",
    "Secondary Capture",
    "Structured Report",
    "Case bundle (ZIP)",
)
FILES = {
    "film.png": png(PHANTOM),
    "film.jpg": encode(PHANTOM, "JPEG", quality=95),
    "film.tif": encode(PHANTOM, "TIFF"),
    "film.webp": encode(PHANTOM, "WEBP", lossless=True),
    "IM000001": dicom_file(PHANTOM),
    "inverted.dcm": dicom_file(255 - PHANTOM, photometric="MONOCHROME1"),
    "rle.dcm": dicom_file(PHANTOM, syntax=RLELossless),
    "lossless.dcm": dicom_file(PHANTOM, syntax=JPEGLosslessSV1),
    "2000.dcm": dicom_file(PHANTOM, syntax=JPEG2000Lossless),
}


def test_a_dropped_film_is_read(page: Page) -> None:
    drop(page, ("IM000001", FILES["IM000001"]))
    expect(page.get_by_text("Calibrated probability of COVID-19")).to_be_visible()
    viewer(page)
    expect(page.get_by_text("Research use only, not a diagnosis").first).to_be_visible()


def test_a_film_dropped_beside_the_place_for_files_is_read(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(FILES["film.png"])
    drag = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    mouse = page.context.new_cdp_session(page)

    def send(kind: str) -> None:
        """As the system sends it, with a real file."""
        mouse.send("Input.dispatchDragEvent", {"type": kind, "x": 90, "y": 700, "data": drag})

    def is_seen() -> bool:
        send("dragOver")  # as while a file is held there: the page may not listen yet
        page.wait_for_timeout(100)
        return page.get_by_text(DROP_ANYWHERE).is_visible()

    send("dragEnter")
    wait_until(is_seen, "the page shows where to drop")
    send("drop")
    expect(page.get_by_text("Calibrated probability of COVID-19")).to_be_visible()
    expect(page.get_by_text(DROP_ANYWHERE)).to_be_hidden()


def test_a_film_dropped_on_a_page_that_takes_none_does_not_take_its_place(page: Page) -> None:
    page.get_by_role("link", name=MODEL).click()
    expect(page.get_by_role("heading", name=MODEL)).to_be_visible()

    def is_held() -> bool:
        held: bool = page.evaluate(
            """() => {
                const dataTransfer = new DataTransfer()
                dataTransfer.items.add(new File(["x"], "film.png"))
                const options = { dataTransfer, bubbles: true, cancelable: true }
                return ["dragover", "drop"].every(
                    kind => !document.body.dispatchEvent(new DragEvent(kind, options)))
            }"""
        )
        return held

    wait_until(is_held, "the page keeps its place")


def test_a_name_with_markup_is_neither_rendered_nor_fetched(page: Page) -> None:
    name = "![x](http://127.0.0.2:9/canary.png)<img src=http://127.0.0.2:9/c>.png"
    drop(page, (name, b"no film"))
    expect(page.get_by_text("This file could not be read")).to_be_visible()
    expect(page.get_by_text("It is not a PNG, JPEG, TIFF, WebP or DICOM file")).to_be_visible()
    expect(page.locator("img[src*='127.0.0.2']")).to_have_count(0)


def test_tags_with_markup_are_shown_as_they_are(page: Page) -> None:
    evil = "<script>nothing</script>^**bold**"
    drop(page, ("film.dcm", dicom_file(PHANTOM, PatientName=evil)))
    viewer(page)
    settled(page)
    page.get_by_text("Patient and study").click()
    shown = page.get_by_text("Show this file's tags")
    expect(shown).to_be_visible()
    page.wait_for_timeout(500)  # a drawer that still opens moves what is clicked
    shown.click()
    expect(page.get_by_text("<script>nothing</script>")).to_be_visible()
    expect(page.locator("strong", has_text="bold")).to_have_count(0)


def test_every_export_opens_in_another_program(page: Page, tmp_path: Path) -> None:
    data = dicom_file(PHANTOM, PatientName="Canary^Anna", PatientID="CANARY-7")
    drop(page, ("film.dcm", data))
    page.get_by_text("Export", exact=True).click()
    found = {}
    for label in EXPORTS:
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile(re.escape(label))).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        found[label] = path
    assert all(re.fullmatch(r"film-[0-9a-f]{8}[a-z-]*\.\w+", p.name) for p in found.values())
    assert Image.open(found["Overlay (PNG)"]).size[0] >= 512
    result = json.loads(found["Result (JSON)"].read_text())
    assert 0 <= result["probabilities"]["covid"] <= 1
    assert pydicom.dcmread(found["Secondary Capture"]).Modality == "OT"
    assert pydicom.dcmread(found["Structured Report"]).Modality == "SR"
    with zipfile.ZipFile(found["Case bundle (ZIP)"]) as bundle:
        assert b"canary" not in b"".join(map(bundle.read, bundle.namelist())).lower()
    for name in ("Result (JSON)", "Secondary Capture", "Structured Report"):
        assert b"canary" not in found[name].read_bytes().lower()
    if not (shutil.which("pdftotext") and shutil.which("dcmdump")):
        pytest.skip("the rest needs pdftotext (poppler-utils) and dcmdump (dcmtk)")
    command = ["pdftotext", "-layout", found["Report (PDF)"], "-"]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "not a diagnosis" in words and "canary" not in words.lower()
    for label in ("Secondary Capture", "Structured Report"):
        dump = subprocess.run(["dcmdump", found[label]], capture_output=True, text=True)
        assert dump.returncode == 0 and dump.stderr == ""


def test_every_check_is_shown_behind_a_click_and_the_nearest_films_by_name(page: Page) -> None:
    drop(page, ("film.png", FILES["film.png"]))
    viewer(page)
    settled(page)
    page.get_by_text("Why this answer").click()
    expect(page.get_by_text("on the whole film").first).to_be_visible()
    for bar in ("Whole film", "Lungs only", "Lungs removed"):
        expect(page.locator(".ytick text", has_text=bar)).to_be_visible()
    tests = page.get_by_test_id("stTable").filter(has_text="Heat in the lungs").first
    expect(tests.locator("tbody tr")).to_have_count(4)
    for row in tests.locator("tbody tr").all():
        expect(row).to_contain_text(re.compile("✓.passed|✗.failed"))
    page.get_by_text("Nearest training films").click()
    expect(page.get_by_text(re.compile(r"\d of 9 comes? from"))).to_be_visible()
    expect(page.get_by_text("Similarity")).to_have_count(9)


def test_a_large_film_keeps_its_own_resolution(page: Page) -> None:
    film = draw_phantom(size_px=1000).repeat(3, axis=0).repeat(3, axis=1)
    drop(page, ("large.dcm", dicom_file(film)))
    expect(page.get_by_text("3000 x 3000 px")).to_be_visible()
    viewer(page)
    page.get_by_role("button", name="1:1").click()
    expect(page.locator("#marked .looks")).to_contain_text("Zoom 1.00x")


def test_files_of_every_kind_and_a_zip_become_a_worklist(page: Page, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ward/film.png", png(draw_phantom(size_px=256)))
    drop(page, *FILES.items(), ("b.png", b"no film"), ("c.zip", packed.getvalue()))
    wait_for_list(page, len(FILES) + 2)
    save = page.get_by_role("button", name="Save as CSV")
    with page.expect_download() as download:
        save.click()
    download.value.save_as(tmp_path / "worklist.csv")
    with (tmp_path / "worklist.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert set(rows) == {*FILES, "b.png", "c.zip/ward/film.png"}
    assert {name for name, row in rows.items() if row["decision"] == "error"} == {"b.png"}
    probabilities = [float(rows[name]["p_covid"]) for name in FILES if name != "film.jpg"]
    assert np.ptp(probabilities) < 1e-3, "one film, in every lossless kind of file"


def test_the_page_is_reached_by_keyboard_alone(page: Page) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == PHANTOM_BUTTONS[0]:
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=PHANTOM_HEADING)).to_be_visible()
    viewer(page)

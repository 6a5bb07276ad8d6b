"""The page on paper: always one, with all that must be on it, and the same for the same result."""

from __future__ import annotations

import gc
import io
import re
import shutil
import subprocess
import warnings
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from covid_core.explain.checks import Checks
from covid_core.explain.shortcut_meter import ShortcutMeter
from covid_core.exports.pdf import report_pdf
from covid_core.findings import Finding
from covid_core.model.decision import OperatingPoint
from covid_core.model.gate_findings import Code
from covid_core.present.result import Result
from tests.app.checked import map_check
from tests.exports.results import COVID, NORMAL, TORN, WEIGHTS_SHA256, made

NOTES = (
    "stored inverted (MONOCHROME1): turned back",
    "shown through the window stored in the file",
    "the file says that the body part is something very long indeed, not the chest",
    "a colour picture: turned to grey",
)
needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler")


def poppler(program: str, *options: str, data: bytes) -> bytes:
    ran = subprocess.run([program, *options, "-", "-"], input=data, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout


def text_of(result: Result) -> str:
    """Its words in one line, as a program finds them."""
    return " ".join(poppler("pdftotext", "-layout", data=report_pdf(result)).decode().split())


def page_of(result: Result) -> np.ndarray:
    """Its page as pixels, grey, 50 dots an inch."""
    ran = subprocess.run(
        ["pdftoppm", "-r", "50", "-gray", "-"], input=report_pdf(result), capture_output=True
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    return np.asarray(Image.open(io.BytesIO(ran.stdout)))


@needs_poppler
def test_all_that_must_be_stated_is_stated() -> None:
    text = text_of(made(remarks=(Code.CHILD,), notes=NOTES[:1]))
    for words in (
        "Research use only, not a diagnosis.",
        "COVID-19 likely",
        "Findings suggest COVID-19.",
        "0.89",
        "0.07",
        "A chest radiograph cannot exclude COVID-19.",
        "Saliency map, not a lesion outline.",
        "Film SHA-256: " + made().prediction.radiograph_sha256,
        "Weights SHA-256: " + WEIGHTS_SHA256,
        "DenseNet-121, 2026-11-21, 8a515890",
        "2026-11-21T09:30:15+00:00",
        "21 November 2026, 09:30 UTC",
        "This looks like a child's radiograph.",
        "stored inverted (MONOCHROME1): turned back",
    ):
        assert words in text
    columns = poppler("pdftotext", data=report_pdf(made())).decode().replace("\n", " ")
    for words in ("sensitivity 91%", "At a COVID-19 prevalence of 5%"):
        assert words in columns
    assert re.search(r"\d+% of the heat lies in the lungs", columns)


@needs_poppler
def test_the_opacity_map_and_the_category_are_shown_with_their_worth() -> None:
    text = " ".join(poppler("pdftotext", data=report_pdf(made(opacity=True))).decode().split())
    for words in (
        "Probability of an opacity, as radiologists box it",
        "in the right lower lung zone (86%)",
        "RSNA category Typical appearance",
        "Worth of the evidence.",
        "Worth of the opacity.",
        "Worth of the category.",
    ):
        assert words in text
    assert "RSNA category" not in text_of(made())


@needs_poppler
def test_that_the_gate_found_nothing_is_stated_too() -> None:
    assert "No problem found" in text_of(made())
    assert "No problem found" not in text_of(made(remarks=(Code.CHILD,)))


def test_a_film_without_heat_says_so_and_describes_no_heat() -> None:
    text = text_of(made(NORMAL))
    assert "No heat is drawn" in text and "of the heat lies" not in text
    assert "Pneumonia, COVID-19 possible" in text_of(made(TORN))


@needs_poppler
def test_heat_beside_the_lungs_is_a_caution() -> None:
    beside = np.zeros((128, 128), bool)
    beside[:60] = True
    text = text_of(replace(made(), lungs=beside))
    assert text.count("than chance") == 1
    assert text.index("than chance") < text.index("Calibrated probability")


@needs_poppler
@pytest.mark.parametrize("shape", [(512, 448), (1300, 450), (450, 1300)])
@pytest.mark.parametrize("remarks", [(), (Code.CHILD,), tuple(Code)])
def test_it_is_always_one_page_on_which_nothing_overlaps(
    shape: tuple[int, int], remarks: tuple[Code, ...]
) -> None:
    notes = NOTES if remarks else ()
    result = made(TORN, shape=shape, remarks=remarks, notes=notes, opacity=bool(remarks))
    data = report_pdf(result)
    assert len(re.findall(rb"/Type /Page\b(?!s)", data)) == 1
    page = page_of(result)
    line = np.nonzero((page[:, 60:-60] < 235).mean(axis=1) > 0.99)[0]
    above = page[line[-1] - 4 : line[-1] - 1]  # over the line of the foot
    assert above.min() > 250
    assert page[-8:].min() > 250 and page[25:, :25].min() > 250 and page[25:, -25:].min() > 250


def test_no_file_of_a_font_stays_open() -> None:
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report_pdf(made())
        gc.collect()
    assert [str(one.message) for one in caught if "ttf" in str(one.message)] == []


def test_the_same_result_makes_the_same_bytes() -> None:
    result = made(remarks=(Code.CHILD,))
    assert report_pdf(result) == report_pdf(result)
    assert report_pdf(result) != report_pdf(made(NORMAL, remarks=(Code.CHILD,)))


def test_networks_of_two_answers_and_unmeasured_points_have_a_page() -> None:
    result = made(COVID, point=OperatingPoint("balanced", 0.5))
    prediction = result.prediction
    two = replace(
        prediction,
        answers=(Finding.NOT_COVID, Finding.COVID),
        probabilities=np.array([0.2, 0.8]),
        logits=np.log([0.2, 0.8]),
    )
    assert report_pdf(replace(result, prediction=two)).startswith(b"%PDF-")


@needs_poppler
def test_of_an_answer_that_must_not_be_used_no_figure_is_on_paper() -> None:
    result = made(opacity=True)
    decision = result.prediction.decision.withheld("Because.")
    meter = ShortcutMeter(Finding.COVID, 0.89, 0.12, 0.34, explained=False)
    checks = Checks(meter, None, map_check=map_check(Finding.COVID), zones=None)
    held = replace(
        result,
        prediction=replace(result.prediction, decision=decision),
        opacity=None,
        checks=checks,
    )
    text, usable = text_of(held), text_of(replace(result, checks=checks))
    assert "must not be used" in text
    for words in ("0.89", "0.12", "0.34", "Calibrated probability", "RSNA category"):
        assert words not in text and words in usable

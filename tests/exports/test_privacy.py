"""Nobody is in what leaves the program: canaries in a film's tags are sought in each export."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from covid_core.exports.pdf import report_pdf
from covid_core.exports.pictures import overlay_png
from covid_core.exports.secondary_capture import secondary_capture
from covid_core.exports.structured_report import structured_report
from covid_core.present.result import Result, result_json
from covid_core.read.archives import members
from covid_core.read.patient_tags import Study, read_study
from covid_core.read.reading import read_radiograph
from tests.canaries import Marked, found_in, marked_files, unpacked
from tests.exports.results import CANARIES, film_file, made

WORDS = ("canary", "zebedee", "4711", "19610203", "1961-02-03", "20200301", "101112")


@pytest.fixture(scope="module")
def film() -> tuple[Result, Study]:
    """A result of a film whose file names a patient, with the notes that reading it gave."""
    data = film_file()
    radiograph, study = read_radiograph(data), read_study(data)
    assert study is not None and study.patient_id == CANARIES["PatientID"]
    return made(notes=radiograph.notes), study


def canaries_in(data: bytes) -> list[str]:
    """The canaries that are in some bytes."""
    return [word for word in WORDS if word.encode() in data.lower()]


def test_the_canaries_would_be_found(film: tuple[Result, Study]) -> None:
    result, study = film
    kept = secondary_capture(result, study, keep_identity=True)
    assert set(canaries_in(kept)) == set(WORDS) - {"1961-02-03"}


def test_no_export_names_anybody(film: tuple[Result, Study]) -> None:
    result, study = film
    capture = secondary_capture(result, study, keep_identity=False)
    report = structured_report(result, study, capture, keep_identity=False)
    pixels = capture.index(b"\xe0\x7f\x10\x00")
    assert canaries_in(json.dumps(result_json(result)).encode()) == []
    assert canaries_in(capture[:pixels]) == [] and canaries_in(report) == []
    assert canaries_in(result.name.encode()) == []


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler")
def test_no_page_names_anybody(film: tuple[Result, Study]) -> None:
    data = report_pdf(film[0])
    ran = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True)
    info = subprocess.run(["pdfinfo", "-"], input=data, capture_output=True, check=True)
    assert b"Research use only" in ran.stdout
    assert canaries_in(ran.stdout) == [] and canaries_in(info.stdout) == []


@pytest.mark.parametrize("file", [f for f in marked_files() if f.reads], ids=lambda f: f.name)
def test_no_export_holds_a_word_of_the_file_wherever_it_stood(file: Marked) -> None:
    [item] = members(file.data, file.name)
    data = item.read()
    study = read_study(data)
    result = made(notes=read_radiograph(data).notes)
    capture = secondary_capture(result, study, keep_identity=False)
    report = structured_report(result, study, capture, keep_identity=False)
    words = json.dumps(result_json(result)).encode()
    made_of_it = (report_pdf(result), overlay_png(result), words, capture, report)
    assert [found_in(unpacked(one)) for one in made_of_it] == [[]] * 5
    if study:
        kept = secondary_capture(result, study, keep_identity=True)
        assert found_in(kept), "what is kept is found"


def test_no_picture_names_anybody(film: tuple[Result, Study]) -> None:
    data = overlay_png(film[0])
    kinds = {data[at + 4 : at + 8] for at in _chunks(data)}
    assert kinds == {b"IHDR", b"IDAT", b"IEND"}  # nothing that could hold a word


def _chunks(data: bytes) -> list[int]:
    """Where the parts of a PNG file begin."""
    places = [8]
    while (after := places[-1] + 12 + int.from_bytes(data[places[-1] :][:4], "big")) < len(data):
        places.append(after)
    return places

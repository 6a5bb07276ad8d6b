"""The export panel: what it says of names that no export can take away; the case bundle."""

from __future__ import annotations

import hashlib

import pytest

from app.texts import read as texts
from covid_core.case.reader import CaseReader
from covid_core.exports.bundle import read_bundle, replay
from covid_core.findings import Finding
from covid_core.model.card import WEIGHTS
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.page import run_page
from tests.films import dicom_file


@pytest.mark.parametrize(("tags", "warns"), [({}, False), ({"BurnedInAnnotation": "YES"}, True)])
def test_names_in_the_picture_are_warned_of(tags: dict[str, str], warns: bool) -> None:
    data = dicom_file(draw_phantom(KINDS[-1], size_px=256), **tags)
    page = run_page()
    page.session_state[f"export-{hashlib.sha256(data).hexdigest()}"] = True
    page.file_uploader(key="film").set_value([("film.dcm", data, "")]).run()
    assert not page.exception
    assert (texts.BURNED_IN in [one.value for one in page.warning]) is warns
    assert (texts.NOT_SOUGHT in [one.value for one in page.caption]) is not warns


def test_a_phantom_is_not_exported() -> None:
    page = run_page()
    page.button(key=f"phantom-{KINDS[-1]}").click().run()
    assert not page.exception
    assert texts.EXPORT not in [one.label for one in page.expander]
    page = run_page()
    film = dicom_file(draw_phantom(KINDS[-1], size_px=256))
    page.file_uploader(key="film").set_value([("film.dcm", film, "")]).run()
    assert texts.EXPORT in [one.label for one in page.expander]


def test_the_case_bundle_is_repeated_to_the_last_bit_by_another_reader() -> None:
    data = dicom_file(draw_phantom(KINDS[-1], size_px=512), PatientName="Canary^Anna")
    sha256 = hashlib.sha256(data).hexdigest()
    page = run_page()
    page.session_state[f"export-{sha256}"] = True
    page.file_uploader(key="film").set_value([("film.dcm", data, "")]).run()
    page.button_group(key="point").set_value("rule-out").run()
    page.selectbox(key=f"export-class-{sha256}").set_value(Finding.NORMAL).run()
    assert not page.exception
    _, files = page.session_state["files"]
    bundle = read_bundle(files.bundle)
    assert (bundle.request.point.name, bundle.request.finding) == ("rule-out", Finding.NORMAL)
    assert files.pdf == bundle.members["report.pdf"]
    assert replay(bundle, CaseReader.load(WEIGHTS)) == files.bundle
    assert b"canary" not in b"".join(bundle.members.values()).lower()

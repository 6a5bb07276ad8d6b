"""There and back: a film fetched from a real Orthanc on the page, its reading sent to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.uid import generate_uid
from streamlit.testing.v1 import AppTest

from app import deployment
from app.texts import worklist as texts
from covid_core.exports.dicomweb import Archive, find_studies, send
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.page import run_page
from tests.films import dicom_file


@pytest.fixture
def page(orthanc: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """The app as it runs where `desk.toml` names the archive."""
    path = tmp_path / "desk.toml"
    path.write_text(
        f'[archive]\nname = "PACS"\nurl = "{orthanc.url}"\n'
        f'user = "{orthanc.username}"\npassword = "{orthanc.password}"\n'
    )
    read = deployment.deployment
    for module in ("app.sources", "app.session"):
        monkeypatch.setattr(f"{module}.deployment", lambda: read(path))
    return run_page()


def test_a_film_is_fetched_and_its_reading_joins_its_study(page: AppTest, orthanc: Archive) -> None:
    film = dicom_file(
        draw_phantom(KINDS[2], size_px=300),
        PatientID="THERE-AND-BACK",
        PatientName="Canary^Anna",
        StudyInstanceUID=generate_uid(),
        SeriesInstanceUID=generate_uid(),
        StudyDate="20200404",
    )
    send(orthanc, [film])
    page.text_input(key="archive-patient").set_value("THERE-AND-BACK")
    next(button for button in page.button if button.label == texts.FIND).click().run()
    [found] = page.dataframe
    page.session_state[found.key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    page.button(key="archive-fetch").click().run()
    assert not page.exception
    assert any("Calibrated probability of COVID-19" in one.value for one in page.markdown)

    [drawer] = [one for one in page.get("expander") if one.label == "Export"]
    page.session_state[drawer.key] = True
    page.run()
    page.toggle(key="export-identity").set_value(True).run()
    page.button(key="send").click().run()
    assert not page.exception
    assert [one.value for one in page.success] == ["Both files were sent to PACS."]
    [study] = find_studies(orthanc, patient_id="THERE-AND-BACK")
    assert set(study.modalities) == {"DX", "OT", "SR"}

"""Where films come from: what the deployer allows, the archive, a phantom; each listed once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import deployment
from app.sources import films_in_file
from app.texts import worklist as texts
from covid_core.errors import CovidCoreError
from covid_core.exports.dicomweb import Archive, FoundStudy
from covid_core.phantom import KINDS, draw_phantom
from tests.app.lists import (
    FILMS,
    counted_predictions,
    drop,
    list_page,
    rendered,
    table,
    zipped,
)
from tests.films import dicom_file


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return list_page(monkeypatch)


@pytest.fixture
def predictions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return counted_predictions(monkeypatch)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A desk.toml that opens one folder of three films, and lets a list hold three."""
    folder = tmp_path / "ward"
    folder.mkdir()
    for name, data in FILMS[:3]:
        (folder / name).write_bytes(data)
    path = tmp_path / "desk.toml"
    path.write_text('max_films = 3\n[folders]\n"Ward 3" = "ward"\n')
    read = deployment.deployment
    monkeypatch.setattr("app.sources.deployment", lambda: read(path))
    return folder


def test_a_folder_that_the_deployer_allows_is_listed_and_looked_at_again(
    desk: Path, page: AppTest, predictions: list[str]
) -> None:
    page.selectbox(key="server-folder").select("Ward 3").run()
    assert not page.exception
    assert sorted(table(page)["name"]) == ["0.png", "1.png", "2.png"]
    (desk / "2.png").unlink()
    (desk / "new.png").write_bytes(FILMS[3][1])
    page.button(key="server-again").click().run()
    assert sorted(table(page)["name"]) == ["0.png", "1.png", "new.png"]
    assert len(predictions) == len(set(predictions)) == 4


def test_a_list_is_no_longer_than_the_deployer_allows(desk: Path, page: AppTest) -> None:
    drop(page, *FILMS)
    assert len(table(page)) == 3
    assert "Only the first 3 films are listed" in rendered(page)


def test_without_a_deployers_word_no_folder_of_the_server_is_offered(page: AppTest) -> None:
    assert not page.selectbox


def test_a_file_without_films_is_listed_with_its_reason() -> None:
    for data, words in ((zipped(), "no film"), (zipped(*FILMS)[:-30], "damaged")):
        [item] = films_in_file("a.zip", data)
        assert item.name == "a.zip"
        with pytest.raises(Exception, match=words):
            item.read()


def test_a_phantom_is_read_where_nothing_else_is_chosen(page: AppTest) -> None:
    page.session_state["phantom"] = KINDS[1]
    page.run()
    assert table(page)["name"].tolist() == [f"Synthetic phantom: {KINDS[1]}"]


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """An archive with one study of two films, in the deployer's settings; what was asked of it."""
    path = tmp_path / "desk.toml"
    path.write_text('[archive]\nname = "PACS"\nurl = "http://127.0.0.1:9/dicom-web"\n')
    read = deployment.deployment
    monkeypatch.setattr("app.sources.deployment", lambda: read(path))
    asked: list[str] = []

    def find(_: Archive, *, patient_id: str, study_date: str) -> list[FoundStudy]:
        asked.append(f"{patient_id} {study_date}")
        if patient_id == "gone":
            raise CovidCoreError("the archive does not answer", "Check that it runs")
        return [FoundStudy("1.2", patient_id, "Canary", "20210402", "Chest", ("DX",))]

    def fetch(_: Archive, study_uid: str) -> list[bytes]:
        asked.append(study_uid)
        return [dicom_file(draw_phantom(size_px=192, seed=n)) for n in range(2)]

    monkeypatch.setattr("app.sources.find_studies", find)
    monkeypatch.setattr("app.sources.fetch_study", fetch)
    return asked


def search(page: AppTest, patient_id: str) -> AppTest:
    page.text_input(key="archive-patient").set_value(patient_id)
    page.date_input(key="archive-date").set_value(date(2021, 4, 2))
    next(b for b in page.button if b.label == texts.FIND).click().run()
    assert not page.exception
    return page


def test_films_are_fetched_from_the_archive_once(archive: list[str], page: AppTest) -> None:
    search(page, "P7")
    [found] = page.dataframe
    page.session_state[found.key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    page.button(key="archive-fetch").click().run()
    assert not page.exception
    page.slider(key="worklist-least").set_value(0.0).run()
    names = page.dataframe[1].value["name"].tolist()
    assert sorted(names) == ["Archive, study 1, film 1", "Archive, study 1, film 2"]
    assert archive == ["P7 20210402", "1.2"]
    page.button(key="archive-forget").click().run()
    page.run()
    assert len(page.dataframe) == 1


def test_an_archive_that_fails_says_what_to_do(archive: list[str], page: AppTest) -> None:
    search(page, "gone")
    assert any("Check that it runs" in text.value for text in page.text)

"""Where films come from: what the deployer allows, the archive, a phantom; each listed once."""

from __future__ import annotations

import gc
import hashlib
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import deployment
from app.held_films import films_in_file
from app.texts import worklist as texts
from covid_core.errors import CovidCoreError, RefusedFile
from covid_core.exports.dicomweb import Archive, FoundStudy
from covid_core.read.archives import Item
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.storage.walk import PassedOver
from tests.app.lists import (
    FILMS,
    counted_predictions,
    drop,
    list_page,
    rendered,
    table,
    zipped,
)
from tests.app.page import run_page
from tests.films import dicom_file


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return list_page(monkeypatch)


@pytest.fixture
def predictions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return counted_predictions(monkeypatch)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A desk.toml that opens one folder of three films; a list takes three such and two others."""
    folder = tmp_path / "ward"
    folder.mkdir()
    for name, data in FILMS[:3]:
        (folder / name).write_bytes(data)
    path = tmp_path / "desk.toml"
    path.write_text('max_films = 2\nmax_server_films = 3\n[folders]\n"Ward 3" = "ward"\n')
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


def test_a_file_that_is_replaced_is_scored_anew_when_it_is_looked_at_again(
    desk: Path, page: AppTest, predictions: list[str]
) -> None:
    page.selectbox(key="server-folder").select("Ward 3").run()
    before = rows(page)
    (desk / "0.png").write_bytes(FILMS[3][1])
    page.run()
    assert rows(page) == before
    page.button(key="server-again").click().run()
    assert not page.exception
    assert {name for name, row in rows(page).items() if row != before[name]} == {"0.png"}
    assert len(predictions) == len(set(predictions)) == 4


def test_a_file_that_is_replaced_is_scored_anew_when_it_is_opened(
    desk: Path, page: AppTest, predictions: list[str]
) -> None:
    page.selectbox(key="server-folder").select("Ward 3").run()
    before = rows(page)
    (desk / "0.png").write_bytes(FILMS[3][1])
    open_film(page, "0.png")
    assert rows(page)["0.png"]["sha256"] == hashlib.sha256(FILMS[3][1]).hexdigest()
    assert {name for name, row in rows(page).items() if row != before[name]} == {"0.png"}
    scored = len(predictions)
    page.run()
    assert len(predictions) == scored, "once is enough"


def test_a_file_that_is_gone_keeps_its_row_and_is_said_to_be_gone(
    desk: Path, page: AppTest
) -> None:
    page.selectbox(key="server-folder").select("Ward 3").run()
    before = rows(page)
    (desk / "0.png").unlink()
    open_film(page, "0.png")
    assert rows(page) == before
    assert any("can't be opened" in text.value for text in page.text)


def test_files_that_share_a_name_as_it_is_shown_are_all_listed(desk: Path, page: AppTest) -> None:
    (desk / "2.png").unlink()
    for number, letter in enumerate("\a\b"):
        (desk / f"{letter}.png").write_bytes(FILMS[3][1])
        os.utime(desk / f"{letter}.png", ns=(number, 0))
    (desk / "0.png").unlink()
    page.selectbox(key="server-folder").select("Ward 3").run()
    page.button(key="server-again").click().run()
    assert sorted(table(page)["name"]) == ["1.png", "\ufffd.png", "\ufffd.png"]


def test_a_list_is_no_longer_than_the_deployer_allows(desk: Path, page: AppTest) -> None:
    drop(page, *FILMS)
    assert len(table(page)) == 2
    assert "Only the first 2 films are listed" in rendered(page)
    assert "python -m covid_core predict FOLDER" in rendered(page)


def test_a_folder_of_the_server_has_a_limit_of_its_own(desk: Path, page: AppTest) -> None:
    (desk / "3.png").write_bytes(FILMS[3][1])
    drop(page, ("dropped.png", FILMS[0][1]))
    page.selectbox(key="server-folder").select("Ward 3").run()
    assert sorted(table(page)["name"]) == ["0.png", "1.png", "2.png", "dropped.png"]
    assert "Only the first 3 films are listed" in rendered(page)


def away_and_back(app: AppTest) -> AppTest:
    """A visit to another page: Streamlit forgets what the uploaders held."""
    app.switch_page("app/pages/about.py").run()
    app.switch_page("app/pages/read.py").run()
    assert not app.exception
    assert app.file_uploader(key="film").value == []
    return app


def test_films_outlast_a_visit_to_another_page_and_are_added_to(
    predictions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.worklist_scoring._is_first_shown", lambda _: False)
    page = run_page()
    drop(page, *FILMS[:2])
    away_and_back(page)
    assert page.button(key="close-files").label == texts.CLOSE_FILES
    drop(page, FILMS[2])
    assert sorted(table(page)["name"]) == ["0.png", "1.png", "2.png"]
    away_and_back(page)
    drop(page, FILMS[3])
    assert len(table(page)) == 4
    assert page.button(key="close-files").label == texts.CLOSE_EARLIER
    drop(page)
    assert sorted(table(page)["name"]) == ["0.png", "1.png", "2.png"], "3.png was taken away"
    page.button(key="close-files").click().run()
    assert not page.dataframe and "close-files" not in {one.key for one in page.button}
    assert [predictions.count(hashlib.sha256(data).hexdigest()) for _, data in FILMS] == [1] * 4


def test_without_a_deployers_word_no_folder_of_the_server_is_offered(page: AppTest) -> None:
    assert not page.selectbox


def test_a_file_without_films_is_listed_with_its_reason() -> None:
    for data, words in ((zipped(), "no film"), (zipped(*FILMS)[:-30], "damaged")):
        [item] = films_in_file("a.zip", data)
        assert item.name == "a.zip"
        with pytest.raises(Exception, match=words):
            item.read()


def test_of_an_uploaded_folder_only_what_may_be_a_film_is_listed() -> None:
    film = FILMS[0][1]
    for name in ("disc/IM000001", "disc/film.dat", "disc/a.png"):
        assert [item.name for item in films_in_file(name, film)] == [name]
    for name, data in {"disc/DICOMDIR": film, "disc/.x/a.png": film, "disc/a.txt": b"x"}.items():
        assert films_in_file(name, data) == []
    [damaged] = films_in_file("disc/a.png", b"x")
    [dropped] = films_in_file("a.txt", b"x")
    assert (damaged.name, dropped.name) == ("disc/a.png", "a.txt")


def test_what_is_passed_over_is_counted_and_listed_with_its_reason(page: AppTest) -> None:
    film, text = FILMS[0], ("notes.txt", b"x")
    assert not page.expander
    drop(page, ("a.zip", zipped(film, text, ("__MACOSX/._0.png", b"x"))))
    [expander] = page.expander
    assert expander.label == texts.passed_over(2)
    listed = expander.text[0].value.splitlines()
    assert listed == [
        f"a.zip/notes.txt: {PassedOver.OTHER_KIND}",
        f"a.zip/__MACOSX/._0.png: {PassedOver.SYSTEM}",
    ]
    page.file_uploader(key="folder").set_value([("disc/a.txt", b"x", "")]).run()
    assert [one.label for one in page.expander] == [texts.passed_over(3)]
    assert page.expander[0].text[0].value.splitlines()[2] == f"disc/a.txt: {PassedOver.OTHER_KIND}"
    drop(page, film)
    assert [one.label for one in page.expander] == [texts.passed_over(1)]
    page.file_uploader(key="folder").set_value([]).run()
    assert not page.expander and len(table(page)) == 1


def test_what_is_passed_over_in_a_folder_of_the_server_hides_the_folder_s_own_path(
    desk: Path, page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.passed_over._MAX_NAMED", 2)
    (desk / "discs").mkdir()
    for i in range(3):
        (desk / "discs" / f"{i}.txt").write_bytes(b"x")
    page.selectbox(key="server-folder").select("Ward 3").run()
    assert len(table(page)) == 3
    [expander] = page.expander
    assert expander.label == texts.passed_over(3)
    assert expander.text[0].value.splitlines() == [
        f"discs/{i}.txt: {PassedOver.OTHER_KIND}" for i in range(2)
    ]
    assert expander.caption[0].value == texts.more_passed_over(2)
    (desk / "discs" / "0.txt").unlink()
    page.button(key="server-again").click().run()
    assert page.expander[0].label == texts.passed_over(2)


def test_a_phantom_is_read_where_nothing_else_is_chosen(page: AppTest) -> None:
    page.session_state["phantom"] = KINDS[1]
    page.run()
    assert table(page)["name"].tolist() == [f"Synthetic phantom: {KINDS[1]}"]
    assert [item.synthetic for item in page.session_state["worklist-state"].entries] == [True]
    page.file_uploader(key="folder").set_value([(*FILMS[0], "")]).run()
    assert [item.synthetic for item in page.session_state["worklist-state"].entries] == [False]


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The requests to an archive of one study with two films, which the settings name."""
    path = tmp_path / "desk.toml"
    path.write_text('[archive]\nname = "PACS"\nurl = "http://127.0.0.1:9/dicom-web"\n')
    read = deployment.deployment
    monkeypatch.setattr("app.sources.deployment", lambda: read(path))
    requests: list[str] = []

    def find(_: Archive, *, patient_id: str, study_date: str) -> list[FoundStudy]:
        requests.append(f"{patient_id} {study_date}")
        if patient_id == "gone":
            raise CovidCoreError("the archive does not answer", "Check that it runs")
        return [FoundStudy("1.2", patient_id, "Canary", "20210402", "Chest", ("DX",))]

    def fetch(_: Archive, study_uid: str) -> list[bytes]:
        requests.append(study_uid)
        return [dicom_file(draw_phantom(size_px=192, seed=n)) for n in range(2)]

    monkeypatch.setattr("covid_core.exports.dicomweb.find_studies", find)
    monkeypatch.setattr("covid_core.exports.dicomweb.fetch_study", fetch)
    return requests


def rows(page: AppTest) -> dict[str, dict[str, Any]]:
    """By the film's name."""
    entries = page.session_state["worklist-state"].entries.values()
    return {one.name: {**one.row, "sha256": one.sha256} for one in entries}


def open_film(page: AppTest, name: str) -> AppTest:
    state = page.session_state["worklist-state"]
    state.open = tuple(item for item in state.entries if item.name == name)
    page.run()
    assert not page.exception
    return page


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


def test_a_fetched_study_is_cut_off_by_no_folder(
    archive: list[str], page: AppTest, tmp_path: Path
) -> None:
    desk = tmp_path / "desk.toml"
    desk.write_text('max_films = 2\n[folders]\n"Ward 3" = "ward"\n' + desk.read_text())
    (tmp_path / "ward").mkdir()
    (tmp_path / "ward" / "0.png").write_bytes(FILMS[0][1])
    page.run()
    page.selectbox(key="server-folder").select("Ward 3").run()
    drop(page, *FILMS[1:])
    search(page, "P7")
    page.session_state[page.dataframe[0].key] = {
        "selection": {"rows": [0], "columns": [], "cells": []}
    }
    page.run()
    page.button(key="archive-fetch").click().run()
    assert not page.exception
    names = sorted(page.dataframe[1].value["name"])
    assert names == ["0.png", "Archive, study 1, film 1", "Archive, study 1, film 2"]


def test_an_archive_that_fails_says_what_to_do(archive: list[str], page: AppTest) -> None:
    search(page, "gone")
    assert any("Check that it runs" in text.value for text in page.text)


def test_films_of_a_list_that_are_taken_back_can_be_read_no_more() -> None:
    page = run_page()
    drop(page, *FILMS[:2])
    held = [item for items in page.session_state["items"].values() for item in items]
    assert [item.read() for item in held] == [data for _, data in FILMS[:2]]
    drop(page)
    for item in held:
        with pytest.raises(RefusedFile, match="was closed"):
            item.read()


def test_a_film_that_is_taken_back_is_held_nowhere() -> None:
    name = "taken back.png"
    page = run_page()
    drop(page, (name, FILMS[0][1]))
    drop(page)
    gc.collect()
    assert [one for one in gc.get_objects() if type(one) is Item and one.name == name] == []

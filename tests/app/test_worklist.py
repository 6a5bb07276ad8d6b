"""The list of films, by Streamlit's test harness and in Chromium: none lost, none read twice."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from app import deployment
from app.sources import films_in_file
from app.texts import worklist as texts
from covid_core.errors import CovidCoreError
from covid_core.exports.dicomweb import Archive, FoundStudy
from covid_core.overlay import png
from covid_core.phantom import KINDS, draw_phantom
from covid_core.predictor import Prediction, Predictor
from covid_core.radiograph import Radiograph
from covid_core.report import columns
from tests.app.serving import drop as browser_drop
from tests.app.serving import dropzone, in_browser, served, settled
from tests.app.serving import opened as opened_page
from tests.films import dicom_file

needs_chromium = in_browser[1]
PAGE = Path(__file__).parent / "worklist_page.py"
FILMS = [(f"{n}.png", png(draw_phantom(KINDS[n % 3], size_px=192, seed=n))) for n in range(4)]
BAD = ("![x](canary.png)<img src=canary.png>.txt", b"no film")
MARKUP = "canary.png"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    # The pages that a reading links to are not those of this one.
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


@pytest.fixture
def predictions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
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


def add(page: AppTest, name: str, data: bytes) -> AppTest:
    """A folder with one film, beside the files that are there and stay the same uploads."""
    page.file_uploader(key="folder").set_value([(name, data, "")]).run()
    assert not page.exception
    return page


def table(page: AppTest) -> Any:
    [frame] = page.dataframe
    return frame.value


def rendered(page: AppTest) -> str:
    """All that is shown as Markdown or markup."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "info", "warning")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def test_many_films_become_a_list_the_likeliest_first(
    page: AppTest, predictions: list[str]
) -> None:
    drop(page, *FILMS, BAD)
    rows = table(page)
    assert len(rows) == 5 and len(predictions) == 4
    assert rows["probability"][:4].is_monotonic_decreasing
    assert rows["name"].tolist()[4] == BAD[0]
    assert "not a PNG" in rows["note"][4] and rows["decision"][4] == "Not read"
    assert all(cell.startswith("data:image/jpeg;base64,") for cell in rows["film"][:4])
    assert "5 films: " in rendered(page) and "1 could not be read" in rendered(page)


def test_a_zip_and_files_beside_it_are_one_list(page: AppTest) -> None:
    drop(page, ("today.zip", zipped(*FILMS[:2])), FILMS[2])
    assert sorted(table(page)["name"]) == ["2.png", "today.zip/0.png", "today.zip/1.png"]


def test_names_are_never_markup(page: AppTest) -> None:
    drop(page, FILMS[0], BAD)
    assert MARKUP not in rendered(page)
    assert any(BAD[0] in text.value for text in page.text)


def test_filters_and_new_films_read_no_film_twice(page: AppTest, predictions: list[str]) -> None:
    drop(page, *FILMS[:2])
    page.text_input(key="worklist-name").set_value("1.PNG").run()
    assert table(page)["name"].tolist() == ["1.png"]
    page.text_input(key="worklist-name").set_value("").run()
    page.slider(key="worklist-least").set_value(1.0).run()
    assert not page.dataframe and texts.NONE_LEFT in rendered(page)
    page.slider(key="worklist-least").set_value(0.0).run()
    page.pills(key="worklist-decisions").set_value(["error"]).run()
    assert not page.dataframe
    page.pills(key="worklist-decisions").set_value([]).run()
    add(page, "added.png", FILMS[2][1])
    assert sorted(table(page)["name"]) == ["0.png", "1.png", "added.png"]
    assert len(predictions) == len(set(predictions)) == 3


def test_another_operating_point_redecides_without_the_network(
    page: AppTest, predictions: list[str]
) -> None:
    drop(page, *FILMS)
    before = page.session_state["worklist-state"].entries
    page.button_group(key="point").set_value("rule-out").run()
    assert not page.exception
    after = page.session_state["worklist-state"].entries
    assert {one.row["operating_point"] for one in before.values()} == {"balanced"}
    assert {one.row["operating_point"] for one in after.values()} == {"rule-out"}
    assert len(predictions) == 4


def test_stop_keeps_what_is_done_and_go_on_does_the_rest(
    page: AppTest, predictions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.worklist._REFRESH_S", 0.0)
    score = Predictor.predict

    def stop_at_second(predictor: Predictor, *options: Any) -> Prediction:
        if len(predictions) == 1:  # as a click on Stop would, while the film is in the network
            page.session_state["worklist-state"].stopped = True
        return score(predictor, *options)

    monkeypatch.setattr(Predictor, "predict", stop_at_second)
    drop(page, *FILMS)
    assert len(table(page)) == 2
    assert any(bar.text == "Stopped after 2 of 4 films." for bar in page.get("progress"))
    page.slider(key="worklist-least").set_value(0.0).run()
    assert len(predictions) == 2
    page.button(key="worklist-stop").click().run()
    assert len(table(page)) == 4 and not page.get("progress")
    assert len(predictions) == len(set(predictions)) == 4


def test_films_taken_away_leave_the_list(page: AppTest) -> None:
    drop(page, *FILMS)
    drop(page, *FILMS[:2])
    assert len(page.session_state["worklist-state"].entries) == 2
    assert len(page.session_state["items"]) == 2


def opened(page: AppTest, *names: str) -> AppTest:
    """The page with these films open, as a click on their rows does."""
    state = page.session_state["worklist-state"]
    state.open = tuple(item for name in names for item in state.entries if item.name == name)
    page.run()
    assert not page.exception
    return page


def open_names(page: AppTest) -> list[str]:
    return [item.name for item in page.session_state["worklist-state"].open]


def test_next_and_previous_go_through_the_list_in_its_order(page: AppTest) -> None:
    drop(page, *FILMS)
    order = table(page)["name"].tolist()
    opened(page, order[0])
    assert page.button(key="worklist-previous").disabled
    page.button(key="worklist-next").click().run()
    assert open_names(page) == [order[1]]
    page.button(key="worklist-previous").click().run()
    assert open_names(page) == [order[0]]
    page.button(key="worklist-close").click().run()
    assert open_names(page) == []


def test_an_earlier_film_of_the_patient_is_offered_beside(page: AppTest) -> None:
    film = draw_phantom(size_px=192)
    now = dicom_file(film, PatientID="Canary1", PatientName="Canary", StudyDate="20210402")
    before = dicom_file(film, PatientID="Canary1", PatientName="Canary", StudyDate="20210227")
    drop(page, ("now", now), ("before", before), FILMS[0])
    assert "Canary" not in rendered(page) + table(page).to_string()
    opened(page, "now")
    assert page.button(key="worklist-compare").label == "Compare with the film of 34 days earlier"
    page.button(key="worklist-compare").click().run()
    assert not page.exception
    assert open_names(page) == ["now", "before"]
    opened(page, "before")
    assert "worklist-compare" not in [button.key for button in page.button]


def test_a_film_without_an_answer_opens_with_its_reason(page: AppTest) -> None:
    drop(page, FILMS[0], BAD)
    opened(page, BAD[0])
    assert any("not a PNG" in text.value for text in page.text)


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


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (None, "12 of 80"),
        (0.2, "12 of 80, about 1 s left"),
        (21.0, "12 of 80, about 20 s left"),
        (170.0, "12 of 80, about 3 min left"),
        (9_000.0, "12 of 80, about 2.5 h left"),
    ],
)
def test_what_is_left_is_told_in_round_numbers(left_s: float | None, words: str) -> None:
    assert texts.progress(12, 80, left_s) == words


def test_a_summary_counts_the_calls_that_matter_first() -> None:
    decisions = ["error", "normal", "covid", "indeterminate", "covid", "abstained"]
    assert texts.summary(decisions, 7) == (
        "7 films: 2 called COVID-19, 1 called normal, 1 indeterminate, 1 without an answer,"
        " 1 could not be read"
    )


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


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


def cell_of(page: Page, row: int) -> tuple[float, float]:
    """Where on the screen a row's name is; rows count from the table's top."""
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    return box["x"] + 250, box["y"] + 37 + 46 * (row + 0.5)


def downloaded(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as caught:
        page.get_by_role("button", name=texts.DOWNLOAD).click()
    text = Path(caught.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def wait_for_summary(page: Page, films: int) -> None:
    for name in (texts.STOP, texts.GO_ON):
        expect(page.get_by_role("button", name=name)).to_have_count(0, timeout=120_000)
    expect(page.get_by_text(f"{films} films: ")).to_be_visible(timeout=120_000)
    settled(page)


@pytest.mark.browser
@needs_chromium
def test_films_dropped_together_are_listed_opened_and_saved(address: str) -> None:
    with opened_page(address) as page:
        expect(dropzone(page)).to_be_visible(timeout=60_000)
        browser_drop(page, *FILMS[:3], ("=1+1.zip", zipped(FILMS[3], BAD)))
        wait_for_summary(page, 5)
        rows = downloaded(page)
        assert tuple(rows[0]) == columns()
        zipped_film, zipped_text = f"'=1+1.zip/{FILMS[3][0]}", f"'=1+1.zip/{BAD[0]}"
        assert {row["file"] for row in rows} == {
            *(name for name, _ in FILMS[:3]), zipped_film, zipped_text,
        }  # fmt: skip
        answered = [float(row["p_covid"]) for row in rows if row["p_covid"]]
        assert answered == sorted(answered, reverse=True) and len(answered) == 4

        page.mouse.click(*cell_of(page, 1))
        page.screenshot(path="/tmp/wlx/click.png")
        expect(page.get_by_text("Film 2 of 5")).to_be_visible(timeout=20_000)
        expect(page.get_by_text(rows[1]["file"].lstrip("'"), exact=True).last).to_be_visible()
        page.get_by_role("button", name=texts.NEXT).click()
        expect(page.get_by_text("Film 3 of 5")).to_be_visible(timeout=60_000)
        expect(page.get_by_text(rows[2]["file"].lstrip("'"), exact=True).last).to_be_visible()

        page.get_by_role("button", name="Not read").click()
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
        settled(page)
        [unread] = downloaded(page)
        assert unread["decision"] == "error"
        assert page.locator("img[src*='canary.png']").count() == 0


@pytest.mark.browser
@needs_chromium
def test_reading_is_watched_stopped_and_gone_on_with(address: str) -> None:
    films = [(f"{n}.png", png(draw_phantom(size_px=512, seed=n))) for n in range(40)]
    with opened_page(address) as page:
        expect(dropzone(page)).to_be_visible(timeout=60_000)
        browser_drop(page, ("ward.zip", zipped(*films)))
        expect(page.get_by_text(re.compile(r"^\d+ of 40, about \d+ s left$"))).to_be_visible(
            timeout=60_000
        )
        page.get_by_role("button", name=texts.STOP).click()
        stopped = page.get_by_text(re.compile(r"^Stopped after \d+ of 40 films\.$"))
        expect(stopped).to_be_visible(timeout=60_000)
        settled(page)
        done = int(stopped.inner_text().split()[2])
        assert 0 < done < 40
        assert len(downloaded(page)) == done
        page.get_by_role("button", name=texts.GO_ON).click()
        wait_for_summary(page, 40)
        assert len(downloaded(page)) == 40

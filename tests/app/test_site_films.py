"""Films given on the Validate page: read one by one, whatever one of them does."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.site_films import Job, Scored
from app.texts import validate as texts
from app.texts.worklist import passed_over
from covid_core.findings import Finding
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.archives import Item
from covid_core.read.radiograph import Radiograph
from covid_core.storage.walk import PassedOver
from tests.app.site_page import (
    OURS,
    allowing,
    films,
    said,
    table_of,
    upload,
    validate_page,
    write_films,
    zipped,
)


@pytest.fixture
def page() -> AppTest:
    return validate_page()


def test_films_of_a_zip_are_read_and_failures_listed(page: AppTest) -> None:
    upload(page, "site-zip", zipped(10, 11), "films.zip")
    assert not page.exception
    assert "21 films" in page.subheader[0].value
    failures = table_of(page, texts.FAILED_ALT)
    assert "2 of 23 films gave no score" in said(page)
    reasons = dict(zip(failures["File"], failures["Reason"], strict=True))
    assert "in no folder called" in reasons["films.zip/elsewhere/0.png"]
    assert "not a PNG" in reasons["films.zip/normal/broken.png"]
    assert "site-job" not in page.session_state
    assert texts.UNKNOWN_WEIGHTS not in said(page)


def test_films_of_a_whole_folder_are_read(page: AppTest) -> None:
    given = [(f"ours/{name}", data, "") for name, data in films(10, 11).items()]
    page.file_uploader(key="site-folder").set_value(given).run()
    assert not page.exception
    assert "21 films" in page.subheader[0].value
    assert "ours/normal/broken.png" in list(table_of(page, texts.FAILED_ALT)["File"])


def test_a_film_taken_back_leaves_what_was_measured(page: AppTest) -> None:
    given = [(f"ours/{name}", data, "") for name, data in films(10, 11).items()]
    page.file_uploader(key="site-folder").set_value(given).run()
    emptied = [(name, b"", kind) for name, _, kind in given[1:]]  # as they are once they are read
    page.file_uploader(key="site-folder").set_value(emptied).run()
    assert not page.exception
    assert "21 films" in page.subheader[0].value


def test_a_folder_of_the_server_is_read_where_the_deployer_allows_it(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "site-server" not in [box.key for box in page.selectbox]
    allowing(monkeypatch, folders={"Ward": write_films(tmp_path / "ward", 10, 11)})
    page.run()
    assert page.button(key="site-server-read").disabled
    page.selectbox(key="site-server").select("Ward").run()
    assert page.subheader == [], "nothing is read before it is requested"
    page.button(key="site-server-read").click().run()
    assert not page.exception
    assert "21 films" in page.subheader[0].value
    assert "normal/broken.png" in list(table_of(page, texts.FAILED_ALT)["File"])
    assert str(tmp_path) not in said(page)


def test_an_empty_folder_and_one_of_too_many_films_are_refused_in_words(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    folders = {"Empty": tmp_path / "empty", "Full": write_films(tmp_path / "full", 3, 3)}
    allowing(monkeypatch, folders=folders, max_server_films=5)
    for name, words in (("Empty", "no film in what was given"), ("Full", "more than 5 films")):
        page.run().selectbox(key="site-server").select(name).run()
        page.button(key="site-server-read").click().run()
        assert not page.exception
        assert words in said(page)


def test_files_that_are_no_films_are_counted_and_listed_as_on_the_read_page(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = [(f"ours/{name}", data, "") for name, data in films(10, 11).items()]
    page.file_uploader(key="site-folder").set_value([*given, ("ours/a.txt", b"x", "")]).run()
    assert "21 films" in page.subheader[0].value
    [listed] = [one for one in page.expander if one.label == passed_over(1)]
    assert listed.text[0].value == f"ours/a.txt: {PassedOver.OTHER_KIND}"
    ward = tmp_path / "ward"
    ward.mkdir()
    for i in range(2):
        (ward / f"{i}.txt").write_bytes(b"x")
    allowing(monkeypatch, folders={"Ward": ward})
    page.run().selectbox(key="site-server").select("Ward").run()
    page.button(key="site-server-read").click().run()
    assert "no film in what was given" in said(page)
    [listed] = [one for one in page.expander if one.label == passed_over(2)]
    assert listed.text[0].value.splitlines() == [
        f"{i}.txt: {PassedOver.OTHER_KIND}" for i in range(2)
    ]
    assert str(tmp_path) not in said(page)
    upload(page, "site-zip", zipped(10, 11), "films.zip")
    assert "passed over" not in " ".join(one.label for one in page.expander)


def test_a_defect_at_one_film_costs_that_film_only_and_its_message_is_never_logged(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    predict, calls = Predictor.predict, iter(range(100))

    def failing(network: Predictor, radiograph: Radiograph, *options: Any) -> Prediction:
        call = next(calls)
        if call in (3, 7):
            raise MemoryError("Canary^Anna") if call == 3 else KeyError("Canary^Berta")
        return predict(network, radiograph, *options)

    monkeypatch.setattr(Predictor, "predict", failing)
    upload(page, "site-zip", zipped(11, 11), "films.zip")
    assert not page.exception
    assert "20 films" in page.subheader[0].value
    reasons = table_of(page, texts.FAILED_ALT)["Reason"]
    assert sum("did not foresee" in reason for reason in reasons) == 2
    assert "MemoryError" in caplog.text and "KeyError" in caplog.text
    assert "Canary" not in caplog.text + said(page)


def test_reading_begins_anew_where_other_weights_came_in_between(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [Item(f"films/{name}", partial(bytes, data)) for name, data in films(10, 10).items()]
    scored = Scored(True, 0.5, "", Finding.COVID, (0.3, 0.2, 0.5))
    begun = Job(items, "0" * 64, rows=[scored] * 5)
    page.session_state["site-job"] = begun
    page.run()
    assert not page.exception
    assert "20 films" in page.subheader[0].value
    assert page.session_state["site-check"].scores.weights == OURS


def test_a_zip_of_too_few_films_says_so(page: AppTest) -> None:
    upload(page, "site-zip", zipped(1, 1), "films.zip")
    assert not page.exception
    assert "only 1 films with COVID-19" in said(page)
    upload(page, "site-zip", b"PK\x03\x04 cut short", "films.zip")
    assert "damaged" in said(page)

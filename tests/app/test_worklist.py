"""The list of films, by Streamlit's test harness: sorted, filtered, opened; none is read twice."""

from __future__ import annotations

import hashlib
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import session
from app.queue import Turns
from app.texts import worklist as texts
from covid_core.model.tiers import Tier
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.phantom import draw_phantom
from covid_core.read.radiograph import Radiograph
from tests.app.lists import (
    BAD,
    FILMS,
    MARKUP,
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


def add(page: AppTest, name: str, data: bytes) -> AppTest:
    """A folder with one film, beside the files that are there and stay the same uploads."""
    page.file_uploader(key="folder").set_value([(name, data, "")]).run()
    assert not page.exception
    return page


def test_many_films_become_a_list_the_likeliest_first(
    page: AppTest, predictions: list[str]
) -> None:
    drop(page, *FILMS, BAD)
    rows = table(page)
    assert len(rows) == 5 and len(predictions) == 4
    assert rows["probability"][:4].is_monotonic_decreasing
    assert rows["name"].tolist()[4] == BAD[0]
    assert "not a PNG" in rows["note"][4] and rows["tier"][4] == "Not read"
    assert all(cell.startswith("data:image/jpeg;base64,") for cell in rows["film"][:4])
    assert "5 films: " in rendered(page) and "not read 1" in rendered(page)


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
    page.pills(key="worklist-tiers").set_value([Tier.NOT_READ]).run()
    assert not page.dataframe
    page.pills(key="worklist-tiers").set_value([]).run()
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
    monkeypatch.setattr("app.worklist_scoring._REFRESH_S", 0.0)
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


def test_a_list_waits_where_the_line_is_full_and_loses_no_film(
    page: AppTest, predictions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Turns(1, 0)
    monkeypatch.setattr("app.shared_queue.TURNS", line)
    with line.turn(lambda _: None):
        drop(page, *FILMS)
        [bar] = page.get("progress")
        assert "films are waiting" in str(bar.text) and predictions == []
    page.run()
    assert len(table(page)) == len(predictions) == 4 and not page.get("progress")


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


def test_study_dates_are_shown_on_demand_only(page: AppTest) -> None:
    film = dicom_file(draw_phantom(size_px=192), PatientID="Canary1", StudyDate="20210402")
    drop(page, ("now", film), FILMS[0])
    [frame] = page.dataframe
    assert "date" not in table(page) and "2021" not in str(frame.proto)
    page.toggle(key="worklist-dates").set_value(True).run()
    assert not page.exception
    shown = dict(zip(table(page)["name"], map(str, table(page)["date"]), strict=True))
    assert shown["now"] == "2021-04-02" and "20" not in shown["0.png"]


def test_new_weights_score_every_film_anew(
    page: AppTest, predictions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(page, *FILMS[:2])
    newer = copy(session.predictor())
    newer.card = newer.card.replace(sha256="0" * 64)
    monkeypatch.setattr("app.session.card", lambda: newer.card)
    monkeypatch.setattr("app.session.predictor", lambda: newer)
    page.run()
    assert not page.exception
    entries = page.session_state["worklist-state"].entries.values()
    assert {one.weights_sha256 for one in entries} == {"0" * 64}
    assert len(table(page)) == 2 and len(predictions) == 4


def test_a_defect_in_one_film_stops_no_list_and_opens_as_a_sentence(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict, bad = Predictor.predict, hashlib.sha256(FILMS[1][1]).hexdigest()

    def broken(predictor: Predictor, radiograph: Radiograph, *options: Any) -> Prediction:
        if radiograph.sha256 == bad:
            raise MemoryError("of Canary^Anna")
        return predict(predictor, radiograph, *options)

    monkeypatch.setattr(Predictor, "predict", broken)
    drop(page, *FILMS[:3])
    assert table(page)["name"].tolist()[2] == "1.png" and len(table(page)) == 3
    opened(page, "1.png")
    assert any("did not foresee" in text.value for text in page.text)
    assert "Canary" not in rendered(page) + "".join(text.value for text in page.text)


def test_a_film_without_an_answer_opens_with_its_reason(page: AppTest) -> None:
    drop(page, FILMS[0], BAD)
    opened(page, BAD[0])
    assert any("not a PNG" in text.value for text in page.text)


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
def test_the_time_left_is_given_in_round_numbers(left_s: float | None, words: str) -> None:
    assert texts.progress(12, 80, left_s) == words


def test_days_are_counted_in_words_that_fit() -> None:
    for gap, words in (
        (timedelta(days=1), "1 day"),
        (timedelta(days=34), "34 days"),
        (timedelta(hours=23, minutes=10), "23 hours"),
        (timedelta(minutes=61), "1 hour"),
        (timedelta(seconds=5), "1 minute"),
    ):
        assert texts.compare(gap).endswith(f"the film of {words} earlier")


def test_a_summary_counts_the_calls_that_matter_first() -> None:
    likely, seen = Tier.LIKELY, Tier.NONE_SEEN
    tiers = [Tier.NOT_READ, seen, likely, Tier.UNDECIDED, likely, Tier.NOT_JUDGED]
    assert texts.summary(tiers[:1], 7).startswith("1 of 7 films: ")
    assert texts.summary(tiers, 6) == (
        "6 films: COVID-19 likely 2; no pneumonia seen 1; undecided 1; not judged 1; not read 1"
    )

"""The checks of a reading on the Read page: what is warned of, withheld and shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import meter_plot, reading_panel, session
from app.open_film import read_film
from app.queue import Turns, Work
from app.texts import checks as texts
from app.texts.read import NOT_READ
from covid_core.case.reader import CaseReader
from covid_core.explain.checks import NO_METER, NO_ZONES, MapChecks
from covid_core.explain.shortcut_meter import NOT_FROM_THE_LUNGS
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import WEIGHTS
from covid_core.model.decision import OperatingPoint
from covid_core.model.saliency import Saliency
from covid_core.model_card.audit_words import zones_worth_in_words
from covid_core.predict.lungs import Lungs
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.flags import SEEN
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.checked import TESTS, ZONES, Outcome, answer_covid, meter, neighbours, seen
from tests.app.page import run_page
from tests.app.test_read import drop, said, views
from tests.measured import example_zones, shipped_audit

FILM = png(draw_phantom(KINDS[-1]))


@pytest.fixture(autouse=True)
def answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is checked here is an answer for COVID-19, and its map the one that is due."""
    answer_covid(monkeypatch)


@pytest.fixture
def page() -> AppTest:
    return run_page()


def class_maps(page: AppTest) -> dict[str, dict[str, Any]]:
    """What the viewer was given of each class's map, by the class's name."""
    names = {finding.display_name for finding in CLASSES}
    return {layer["name"]: layer for layer in views(page)[0]["layers"] if layer["name"] in names}


def tables(page: AppTest) -> list[list[list[str]]]:
    return [table.value.astype(str).to_numpy().tolist() for table in page.table]


def warned(page: AppTest) -> str:
    return "\n".join(one.value for one in [*page.error, *page.warning])


def test_a_film_whose_checks_hold_is_read_without_a_warning(
    page: AppTest, outcome: Outcome
) -> None:
    drop(page, FILM)
    assert not page.exception and warned(page) == ""
    shown = {name: layer["shown"] for name, layer in class_maps(page).items()}
    assert shown == {finding.display_name: finding is Finding.COVID for finding in CLASSES}
    sentence = meter(removed=0.01).sentence
    assert sentence not in said(page), "what holds is said only where it is requested"
    open_why(page)
    assert sentence in said(page)


def test_what_lies_outside_the_lungs_is_warned_of_beside_the_answer(
    page: AppTest, outcome: Outcome
) -> None:
    outcome.find(meter=meter(removed=0.85))
    drop(page, FILM)
    [error] = page.error
    assert error.value == NOT_FROM_THE_LUNGS
    open_why(page)
    assert "0.85 with the lungs removed" in said(page), "the scores stand among the checks"


def test_the_meter_goes_by_the_operating_point_chosen(outcome: Outcome) -> None:
    outcome.find(meter=meter(removed=0.85))
    reader = CaseReader(Predictor.load(WEIGHTS), Lungs.load())
    film = read_film(FILM, "00", reader, name="film.png", is_phantom=False)
    checked = reader.check(film.reading, film.prediction.label)
    every_class_fits = (0.0, 0.0, 0.0)
    for threshold, warns in ((0.01, True), (0.99, False)):
        point = OperatingPoint("own", threshold, least=every_class_fits)
        decided = reader.decide(checked, point)
        found = decided.checks(film.prediction.label).meter
        assert found and found.explained is warns


def test_without_lungs_nothing_is_measured_and_that_is_said(
    page: AppTest, outcome: Outcome
) -> None:
    outcome.find(meter=None, zones=None)
    drop(page, FILM)
    open_why(page)
    assert not page.exception and not page.error
    assert NO_METER in said(page) and NO_ZONES in said(page)


def test_a_map_that_fails_is_withheld_with_the_reason(page: AppTest, outcome: Outcome) -> None:
    outcome.find(TESTS[1])
    drop(page, FILM)
    maps = class_maps(page)
    assert len(maps) == len(CLASSES) and not any(layer["shown"] for layer in maps.values())
    assert TESTS[1] in maps[Finding.COVID.display_name]["why"]
    assert f"did not pass its self-test ({TESTS[1]}) and is not shown" in warned(page)
    assert tables(page) == [], "behind a click"
    open_why(page)
    _categories, tests = tables(page)
    assert [row[1] for row in tests] == [texts.PASSED, texts.FAILED, texts.PASSED, texts.PASSED]
    assert len({texts.PASSED[0], texts.FAILED[0]}) == 2, "a sign as well as a word"


def test_zones_are_arranged_as_on_the_film_where_the_map_is_shown(
    page: AppTest, outcome: Outcome
) -> None:
    drop(page, FILM)
    open_why(page)
    _categories, tests, zones = tables(page)
    assert [row[0] for row in tests] == [title.capitalize() for title in TESTS]
    assert zones == [["Upper", "5%", "20%"], ["Middle", "10%", "24%"], ["Lower", "15%", "26%"]]
    assert sum(ZONES) == pytest.approx(1)
    assert "Saliency map, not a lesion outline." in said(page)


@pytest.mark.parametrize("finding", CLASSES)
def test_zones_of_covid_s_map_are_shown_with_what_they_are_worth(
    page: AppTest, outcome: Outcome, finding: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = example_zones()
    audited = shipped_audit(zones=zones)
    monkeypatch.setattr(session, "audit", lambda: audited)
    monkeypatch.setattr(Prediction, "heat_due", lambda prediction, one: one is finding)
    drop(page, FILM)
    open_why(page)
    worth = zones_worth_in_words(audited)
    assert "9 films of clinic" in worth
    assert (worth in said(page)) is (finding is Finding.COVID), "measured of its maps alone"


def test_a_film_of_the_training_films_is_said_to_be_remembered(
    page: AppTest, outcome: Outcome
) -> None:
    outcome.find(seen=seen())
    drop(page, FILM)
    assert SEEN in [one.value for one in page.warning]
    open_why(page)
    assert seen().sentence in [one.value for one in page.text], "with its name, as plain text"


def test_the_nearest_training_films_are_shown_with_their_sources(
    page: AppTest, outcome: Outcome
) -> None:
    outcome.find(neighbours=neighbours())
    drop(page, FILM)
    assert "COVID-1.png" not in said(page), "behind a click"
    open_nearest(page)
    assert not page.exception
    assert "6 of 9 come from COVID-19 Radiography Database, 3 from NIH ChestX-ray8." in said(page)
    shown = [one.value for one in page.text]
    assert (
        "COVID/COVID-21.png" in shown and "COVID-19 Radiography Database, PA view, adult" in shown
    )
    assert not page.get("image"), "no film of a collection is delivered"
    assert texts.COPIES_HINT in said(page)


def test_the_user_s_own_copies_are_shown_and_let_go_with_the_film(
    page: AppTest, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = [png(draw_phantom(size_px=256)), b"no film", *[None] * 7]
    monkeypatch.setattr("app.neighbours.own_copy", lambda film, folders: copies.pop(0))
    outcome.find(neighbours=neighbours())
    drop(page, FILM)
    open_nearest(page)
    assert not page.exception
    assert len(page.get("image")) == 1
    page.run()
    assert len(page.get("image")) == 1, "read once"
    page.switch_page("app/pages/about.py").run()
    page.switch_page("app/pages/read.py").run()
    page.button(key="close-files").click().run()
    page.run()
    assert "copies" not in page.session_state


def open_nearest(page: AppTest) -> None:
    open_drawer(page, "nearest")


def open_why(page: AppTest) -> None:
    open_drawer(page, "why")


def open_drawer(page: AppTest, name: str) -> None:
    film = page.session_state["current"].prediction.radiograph_sha256
    page.session_state[f"{name}-{film}"] = True
    page.run()


def test_the_meter_s_picture_has_its_numbers_and_is_read_without_colour() -> None:
    figure = meter_plot.meter_bars(meter(removed=0.25), 0.16)
    [bars] = figure.data
    assert list(bars.y) == ["Whole film", "Lungs only", "Lungs removed"]
    assert list(bars.text) == ["0.90", "0.70", "0.25"]
    assert bars.marker.pattern.shape[2] and not any(bars.marker.pattern.shape[:2])
    assert figure.layout.shapes[0].x0 == 0.16


def test_no_score_is_called_an_accuracy(page: AppTest, outcome: Outcome) -> None:
    outcome.find(neighbours=neighbours(), meter=meter(removed=0.85))
    drop(page, FILM)
    open_nearest(page)
    open_why(page)
    assert not re.search("accura", said(page), re.IGNORECASE)
    own = Path(__file__).parent.parent.parent / "app" / "texts"
    scores = [path for path in own.glob("*.py") if path.name != "model.py"]
    assert scores and not any("accura" in path.read_text().lower() for path in scores)


def test_the_film_comes_first_then_its_answer_then_the_checks(
    page: AppTest, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    look, predict, call, check = (
        reading_panel.show_film_alone,
        Predictor.predict,
        reading_panel.show_early_call,
        outcome._film,
    )

    def noting(name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            order.append(name)
            return do(*given, **named)

        return done

    monkeypatch.setattr(reading_panel, "show_film_alone", noting("film", look))
    monkeypatch.setattr(Predictor, "predict", noting("network", predict))
    monkeypatch.setattr(reading_panel, "show_early_call", noting("answer", call))
    monkeypatch.setattr("covid_core.case.reader.check_film", noting("checks", check))
    drop(page, FILM)
    assert not page.exception and order == ["film", "network", "answer", "checks"]
    page.run()
    assert len(order) == 4


def test_checks_take_a_turn_of_their_own_that_gives_way(
    page: AppTest, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[Work] = []
    take = Turns.turn

    def noted(
        line: Turns, show_position: Callable[[int], object], work: Work = Work.READING
    ) -> AbstractContextManager[None]:
        turns.append(work)
        return take(line, show_position, work)

    monkeypatch.setattr(Turns, "turn", noted)
    drop(page, FILM)
    assert turns == [Work.READING, Work.CHECKS]


def test_checks_that_can_t_be_made_leave_no_answer_standing(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("covid_core.case.reader.check_film", fail)
    drop(page, FILM)
    assert not page.exception and not page.header
    assert NOT_READ in [one.value for one in page.error]


def test_the_checks_of_another_map_are_made_once(
    page: AppTest, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Finding] = []
    check = outcome._map

    def counted(
        network: Predictor, prediction: Prediction, saliency: Saliency, lungs: np.ndarray
    ) -> MapChecks:
        made.append(saliency.finding)
        return check(network, prediction, saliency, lungs)

    monkeypatch.setattr("covid_core.case.reader.check_one_map", counted)
    drop(page, FILM)
    page.switch_page("app/pages/about.py").run()
    page.get("button_group")[0].set_value("normal").run()
    assert not page.exception
    page.run()
    assert made and len(made) == len(set(made))

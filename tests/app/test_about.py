"""The page on how an answer came about: of a phantom without a film, of the film with one."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import film_session
from app.open_film import OpenFilm
from app.texts import about as texts
from covid_core.findings import Finding
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.radiograph import Radiograph
from tests.app.page import run_page

PAGE = "app/pages/about.py"
CHARTS = 7
STEPS = (
    texts.FILM,
    texts.SEEN,
    texts.CELLS,
    texts.SUM,
    texts.CALIBRATION,
    texts.CALL,
    texts.LIMITS,
)


@pytest.fixture
def app() -> AppTest:
    return run_page()


def charts(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in page.get("plotly_chart")]


def words(page: AppTest) -> str:
    kinds = ("subheader", "markdown", "caption", "text", "info")
    return "\n".join(str(getattr(one, "value", "")) for kind in kinds for one in page.get(kind))


def test_without_a_film_it_walks_through_a_phantom_and_says_so(app: AppTest) -> None:
    page = app.switch_page(PAGE).run()
    assert not page.exception
    assert [info.value for info in page.info] == [texts.NO_FILM]
    assert [heading.value for heading in page.subheader] == list(STEPS)
    assert len(charts(page)) == CHARTS
    assert "Research use only" in words(page)


def test_every_picture_has_words_for_those_who_do_not_see_it(app: AppTest) -> None:
    page = app.switch_page(PAGE).run()
    plots = [element.proto.alt for element in page.get("plotly_chart")]
    images = [element.proto.imgs[0].alt for element in page.get("image")]
    assert len(plots) == CHARTS and len(images) == 2
    assert all(len(alt) > 20 and "{" not in alt for alt in plots + images)


def test_another_class_has_other_cells_and_no_new_forward_pass(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Prediction] = []
    predict = Predictor.predict

    def counted(predictor: Predictor, radiograph: Radiograph, *options: Any) -> Prediction:
        made.append(predict(predictor, radiograph, *options))
        return made[-1]

    monkeypatch.setattr(Predictor, "predict", counted)
    page = app.switch_page(PAGE).run()
    first = cells(page)
    selector = next(one for one in page.button_group if one.label == texts.FINDING)
    other = next(option for option in made[0].answers if option is not made[0].label)
    selector.set_value(other).run()
    assert not page.exception
    assert not np.allclose(first, cells(page))
    assert len(made) == 1


def cells(page: AppTest) -> np.ndarray:
    """The numbers of the annotated map, as they were sent."""
    heat = next(
        trace for chart in charts(page) for trace in chart["data"] if trace["type"] == "heatmap"
    )
    values = heat["z"]
    if isinstance(values, dict):  # Plotly packs arrays
        rows, columns = map(int, values["shape"].split(","))
        packed = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
        return packed.reshape(rows, columns)
    return np.array(values)


def test_the_open_film_is_the_one_described(app: AppTest) -> None:
    film = png(draw_phantom(size_px=300))
    app.file_uploader(key="film").upload("![x](http://host/p.png).png", film).run()
    page = app.switch_page(PAGE).run()
    assert not page.exception
    assert len(page.info) == 0
    assert "300 x 300 px" in words(page)
    assert "http://host" not in words(page)


def test_of_an_answer_that_must_not_be_used_no_step_is_shown(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = film_session.check

    def withheld(film: OpenFilm, *findings: Finding) -> OpenFilm:
        film = made(film, *findings)
        decision = film.prediction.decision.withheld("It is blank.")
        prediction = replace(film.prediction, decision=decision)
        return replace(film, reading=replace(film.reading, prediction=prediction))

    app.file_uploader(key="film").upload("a.png", png(draw_phantom(size_px=300))).run()
    monkeypatch.setattr(film_session, "check", withheld)
    page = app.switch_page(PAGE).run()
    assert not page.exception and len(page.error) == 1
    assert [one.value for one in page.subheader] == [texts.LIMITS]
    assert len(charts(page)) == 1, "what the audit found, of no film"


def test_the_sum_that_is_shown_is_right(app: AppTest) -> None:
    page = app.switch_page(PAGE).run()
    sentence = next(one.value for one in page.markdown if one.value.startswith("The cells for and"))
    equation = sentence.split("score: ")[1].split(". Nothing")[0].replace("\N{MINUS SIGN}", "-")
    parts, total = equation.split(" = ")
    assert sum(map(float, parts.split())) == pytest.approx(float(total), abs=2e-3)

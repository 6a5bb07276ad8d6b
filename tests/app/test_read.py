"""The Read page by Streamlit's own test harness: what is said, and what a click recomputes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

import covid_core.explain.public_films
from app.queue import Turns
from app.texts import common as texts
from app.texts import read as read_texts
from covid_core.explain.public_films import public_films, recognise
from covid_core.model.decision import OperatingPoint
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph
from tests.app.checked import Outcome
from tests.app.page import run_page
from tests.films import dicom_file

FILM = png(draw_phantom(size_px=256))


@pytest.fixture
def page() -> AppTest:
    return run_page()


@pytest.fixture
def predictions(monkeypatch: pytest.MonkeyPatch) -> list[Prediction]:
    """Every prediction made, as it is made."""
    made: list[Prediction] = []
    predict = Predictor.predict

    def counted(predictor: Predictor, radiograph: Radiograph, *options: Any) -> Prediction:
        made.append(predict(predictor, radiograph, *options))
        return made[-1]

    monkeypatch.setattr(Predictor, "predict", counted)
    return made


def drop(page: AppTest, data: bytes, name: str = "film.png") -> AppTest:
    return page.file_uploader(key="film").set_value([(name, data, "")]).run()


def views(page: AppTest) -> list[dict[str, Any]]:
    """What each viewer was given: the header of its package."""
    packages = [element.proto.bytes for element in page.get("bidi_component")]
    given = [one for one in packages if one]  # what takes dropped files is given none
    return [json.loads(p[4 : 4 + int.from_bytes(p[:4], "little")]) for p in given]


def said(page: AppTest) -> str:
    kinds = ("title", "header", "subheader", "markdown", "caption", "text", "error", "warning")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def test_the_empty_page_explains_itself_and_offers_phantoms(page: AppTest) -> None:
    assert not page.exception
    assert "Drop a frontal chest radiograph" in said(page)
    assert "Research use only, not a diagnosis" in said(page)
    assert "it shows no patient" in said(page)
    assert {f"phantom-{kind}" for kind in KINDS} <= {button.key for button in page.button}
    assert views(page) == []


def test_a_dropped_film_gets_its_answer_in_one_line(
    page: AppTest, predictions: list[Prediction]
) -> None:
    drop(page, FILM)
    assert not page.exception
    [_], [view] = predictions, views(page)
    prediction = page.session_state["current"].prediction  # with what its checks say
    assert page.header[0].value == prediction.decision.tier.heading
    assert prediction.decision.sentence in said(page)
    assert "Calibrated probability of COVID-19" in said(page)
    assert view["film"]["shape"] == [256, 256]
    opacity, *classes = [layer["name"] for layer in view["layers"]]
    assert "pacit" in opacity and classes == ["Normal", "Other pneumonia", "COVID-19"]
    assert "Research use only, not a diagnosis" in said(page)


def test_no_heat_below_the_threshold_and_the_reason_instead(
    page: AppTest, predictions: list[Prediction], outcome: Outcome
) -> None:
    drop(page, FILM)
    [prediction], [view] = predictions, views(page)
    _, *classes = view["layers"]  # the opacity map stands first
    for answer, layer in zip(prediction.answers, classes, strict=True):
        assert layer["shown"] == prediction.heat_due(answer)
        assert layer["why"].startswith("No heat is drawn") != layer["shown"]
    assert not all(layer["shown"] for layer in view["layers"]), (
        "a film that shows neither says nothing"
    )


def test_operating_point_and_prevalence_need_no_forward_pass(
    page: AppTest, predictions: list[Prediction]
) -> None:
    drop(page, FILM)
    before = said(page)
    page.button_group(key="point").set_value("rule-out").run()
    ruled_out = said(page)
    assert "the “balanced” threshold" in before
    assert "the “rule-out” threshold" in ruled_out
    page.number_input(key="prevalence").set_value(50.0).run()
    assert not page.exception
    assert "At a COVID-19 prevalence of 10%" in ruled_out
    assert "At a COVID-19 prevalence of 50%" in said(page)
    assert len(predictions) == 1


def test_films_that_differ_in_one_small_patch_are_read_apart(
    page: AppTest, predictions: list[Prediction]
) -> None:
    pixels = draw_phantom(size_px=1024)
    patched = pixels.copy()
    patched[500:504, 300:304] = 255 - patched[500:504, 300:304]
    for film in (pixels, patched, pixels):
        drop(page, png(film))
    assert len(predictions) == 2
    assert predictions[0].radiograph_sha256 != predictions[1].radiograph_sha256


def test_an_answer_says_of_which_film_it_is_and_what_such_an_answer_is_worth(
    page: AppTest,
) -> None:
    drop(page, FILM, "ward 7.png")
    assert "ward 7.png" in [text.value for text in page.text]
    assert "of radiographs with this answer have COVID-19" in said(page)


def test_a_threshold_is_told_from_a_probability_that_rounds_to_it() -> None:
    point = OperatingPoint("rule-out", 0.0502)
    assert "**0.05**, below the “rule-out” threshold of 0.0502" in read_texts.probability(
        "Probability", "0.05", point, False
    )
    assert "threshold of 0.05." in read_texts.probability("Probability", "0.04", point, False)


def test_a_film_that_was_refused_is_not_read_and_logged_again(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(
        "app.readings_log.log_reading", lambda film, weights, answer, *_: logged.append(answer)
    )
    drop(page, png(draw_phantom(size_px=256)[::-1]))
    for _ in range(2):
        page.run()
        assert "upside down" in said(page).lower()
        assert_seen_and_not_judged(page)
    assert logged == ["abstained"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (FILM[:2000], "cut short"),
        (b"GIF89a", "not a PNG, JPEG, TIFF, WebP or DICOM"),
        (png(np.zeros((1, 1), np.uint8)), "too small"),
        (png(np.zeros((256, 256), np.uint8)), "same value"),
    ],
)
def test_a_bad_file_gets_a_sentence_and_no_probability(
    page: AppTest, data: bytes, words: str
) -> None:
    drop(page, data, "![x](http://host/p.png).png")
    assert not page.exception
    assert words in "\n".join(text.value for text in page.text)
    assert views(page) == [] and "probability" not in said(page)
    assert "http://host" not in said(page)


def test_what_is_no_film_gets_a_reason_and_no_probability(
    page: AppTest, predictions: list[Prediction]
) -> None:
    drop(page, png(np.random.default_rng(0).integers(0, 256, (256, 256), dtype=np.uint8)))
    assert not page.exception
    assert_seen_and_not_judged(page)
    assert predictions == []
    drop(page, png(draw_phantom(size_px=256)[::-1]))
    assert "upside down" in said(page).lower()
    assert_seen_and_not_judged(page)


def assert_seen_and_not_judged(page: AppTest) -> None:
    """The picture is there, for a person to see whether that is right, without an answer."""
    assert not page.exception and not page.header
    assert "The model gives no answer" in said(page)
    [view] = views(page)
    assert view["film"]["shape"] == [256, 256] and view["answer"] == "" and view["lungs"] is None
    assert [layer["shown"] for layer in view["layers"]] == [False]
    assert "probability" not in said(page).lower()


def test_patient_and_study_are_shown_on_demand_only_and_as_plain_text(page: AppTest) -> None:
    evil = "Canary^<img src=http://host/x>**bold**"
    drop(page, dicom_file(draw_phantom(size_px=256), PatientName=evil), "IM000001")
    assert not page.exception
    assert len(views(page)) == 1
    assert "Canary" not in said(page) + json.dumps(views(page))
    [toggle] = [one for one in page.toggle if one.key.startswith("show-study")]
    toggle.set_value(True).run()
    shown = [text.value for text in page.text if "Canary" in text.value]
    assert len(shown) == 1, "as text, which is never markup"
    assert all("Canary" not in element.value for element in [*page.markdown, *page.caption])


def test_the_next_patient_s_tags_are_requested_anew(page: AppTest) -> None:
    for name in ("Canary^Anna", "Canary^Berta"):
        drop(page, dicom_file(draw_phantom(size_px=256, seed=len(name)), PatientName=name))
        assert not [text for text in page.text if "Canary" in text.value]
        [toggle] = [one for one in page.toggle if one.key.startswith("show-study")]
        toggle.set_value(True).run()
        assert [text for text in page.text if "Canary" in text.value]


def test_no_page_speaks_of_a_film_that_is_no_longer_open(page: AppTest) -> None:
    drop(page, FILM, "first.png")
    page.switch_page("app/pages/about.py").run()
    assert any("first.png" in text.value for text in page.text)
    page.switch_page("app/pages/read.py").run()
    page.button(key="close-files").click().run()
    drop(page, b"no film", "second.png")
    assert "This file could not be read" in said(page)
    assert "readings" not in page.session_state and "files" not in page.session_state
    page.switch_page("app/pages/about.py").run()
    assert not any("first.png" in text.value for text in page.text)
    assert "No film is open" in said(page) + "".join(one.value for one in page.info)


def test_a_wrong_body_part_or_modality_is_said(page: AppTest) -> None:
    film = draw_phantom(size_px=256)
    drop(page, dicom_file(film, BodyPartExamined="KNEE"))
    assert "body part is knee" in said(page)
    drop(page, dicom_file(film, modality="MR"))
    assert "modality MR" in said(page)
    assert views(page) == []


def test_a_phantom_is_said_to_be_a_drawing_and_nothing_else_is_said_of_it(page: AppTest) -> None:
    page.button(key=f"phantom-{KINDS[2]}").click().run()
    assert not page.exception
    assert len(views(page)) == 1
    assert [header.value for header in page.header] == ["Synthetic phantom"]
    assert "A drawing: the numbers mean nothing." in said(page)
    assert not page.warning and not page.error
    drop(page, FILM)
    assert "A drawing" not in said(page)
    assert page.header[0].value != "Synthetic phantom"


def test_the_empty_page_says_where_public_films_are_had(page: AppTest) -> None:
    for film in public_films():
        assert film.page in said(page) and film.licence in said(page)
    digests = [code.value for code in page.code]
    assert digests == ["\n".join(f"{film.sha256}  {film.name}" for film in public_films())]


def test_a_public_film_is_known_again(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = recognise(read_radiograph(FILM))
    assert seen is None
    film = public_films()[0].replace(sha256=hashlib.sha256(FILM).hexdigest())
    monkeypatch.setattr(covid_core.explain.public_films, "public_films", lambda: (film,))
    drop(page, FILM)
    [message] = [info.value for info in page.info]
    assert film.name in message and film.finding in message and film.licence in message
    assert "did not train this model" in message


def test_every_take_away_is_offered_and_named_by_the_film_s_hash_alone(
    page: AppTest, predictions: list[Prediction]
) -> None:
    drop(page, FILM, "Meier_Anna_1950.png")
    assert page.get("download_button") == [], "made only when they are requested"
    page.session_state[f"export-{predictions[0].radiograph_sha256}"] = True
    page.run()
    offered = page.get("download_button")
    labels = {button.label for button in offered}
    drawn = predictions[0].opacity is not None and predictions[0].decision.draws_heat
    assert ("Opacity map (PNG)" in labels) is drawn
    assert len(offered) == 6 + drawn and "Case bundle (ZIP)" in labels
    assert "python -m covid_core replay" in said(page)
    assert "Meier" not in "".join(str(button.proto) for button in offered)


def test_a_film_stays_open_while_other_pages_are_visited(
    page: AppTest, predictions: list[Prediction]
) -> None:
    drop(page, FILM)
    page.button_group(key="point").set_value("rule-in").run()
    page.switch_page("app/pages/about.py").run()
    assert "means nothing" not in said(page) and not page.exception
    page.switch_page("app/pages/read.py").run()
    assert len(views(page)) == 1 and len(predictions) == 1
    assert page.button_group(key="point").value == "rule-in"
    page.button(key="close-files").click().run()
    page.run()
    assert views(page) == [] and not page.exception


def test_without_weights_the_page_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("app.session.WEIGHTS", tmp_path)
    page = run_page()
    assert not page.exception
    assert "python train.py" in said(page)


def test_a_full_line_is_said_and_tried_again(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, predictions: list[Prediction]
) -> None:
    line = Turns(1, 0)
    monkeypatch.setattr("app.shared_queue.TURNS", line)
    with line.turn(nobody):
        drop(page, FILM)
        assert not page.exception and predictions == []
        assert texts.BUSY in said(page) and "Try again in a minute" in said(page)
    page.button(key="try-again").click().run()
    assert len(predictions) == len(views(page)) == 1 and texts.BUSY not in said(page)


def test_no_page_fails_where_the_line_is_full(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Turns(1, 0)
    monkeypatch.setattr("app.shared_queue.TURNS", line)
    with line.turn(nobody):
        page.switch_page("app/pages/about.py").run()  # which reads a phantom
        assert not page.exception and texts.BUSY in said(page)
    page.button(key="try-again").click().run()
    assert not page.exception and texts.BUSY not in said(page)


def test_who_waits_is_shown_the_position_and_who_goes_gives_it_up(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, predictions: list[Prediction]
) -> None:
    """Streamlit ends the script of a page that is closed where it next shows something."""
    line = Turns(1, 1)
    captions: list[str] = []

    def closed(_: DeltaGenerator, words: str) -> None:
        captions.append(words)
        st.stop()

    monkeypatch.setattr("app.shared_queue.TURNS", line)
    with line.turn(nobody), monkeypatch.context() as patch:
        patch.setattr(DeltaGenerator, "caption", closed)
        drop(page, FILM)
    assert captions[-1] == texts.WAITING.format(position=1) and predictions == []
    drop(page, FILM)
    assert len(predictions) == len(views(page)) == 1


def nobody(_: int) -> None:
    """Takes a position and does nothing with it."""

"""The page, by Streamlit's own test harness: what is shown, and what a click does not recompute."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from covid_core.overlay import png
from covid_core.phantom import KINDS, draw_phantom
from covid_core.predictor import Prediction, Predictor
from covid_core.radiograph import Radiograph
from tests.films import dicom_file

APP = Path(__file__).parent.parent / "streamlit_app.py"
FILM = png(draw_phantom(size_px=256))


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=120).run()


@pytest.fixture
def predictions(monkeypatch: pytest.MonkeyPatch) -> list[Prediction]:
    """Every prediction made, as it is made."""
    made: list[Prediction] = []
    predict = Predictor.predict

    def counted(predictor: Predictor, radiograph: Radiograph) -> Prediction:
        made.append(predict(predictor, radiograph))
        return made[-1]

    monkeypatch.setattr(Predictor, "predict", counted)
    return made


def drop(page: AppTest, data: bytes, name: str = "film.png") -> AppTest:
    return page.file_uploader(key="film").set_value([(name, data, "")]).run()


def charts(page: AppTest) -> list[str]:
    return [element.proto.spec for element in page.get("plotly_chart")]


def texts(page: AppTest) -> str:
    kinds = ("header", "subheader", "markdown", "caption", "text", "error", "info")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def test_empty_page_says_what_it_is_and_offers_phantoms(page: AppTest) -> None:
    assert not page.exception
    assert "Research use only, not a diagnosis" in texts(page)
    assert "DenseNet-121" in texts(page)
    assert len(page.button) == len(KINDS)
    assert charts(page) == []


def test_a_dropped_film_is_read_in_one_look(page: AppTest, predictions: list[Prediction]) -> None:
    drop(page, FILM)
    assert not page.exception
    [prediction] = predictions
    bars, films = charts(page)
    sources = [image["source"] for image in json.loads(films)["layout"]["images"]]
    assert [source[:22] for source in sources] == ["data:image/png;base64,"] * 5
    assert "Other pneumonia" in bars
    assert prediction.decision.sentence in texts(page)
    assert prediction.model in texts(page)
    assert "Research use only, not a diagnosis" in texts(page)


def test_class_and_opacity_change_the_overlay_without_a_forward_pass(
    page: AppTest, predictions: list[Prediction]
) -> None:
    drop(page, FILM)
    before = charts(page)[1]
    page.sidebar.slider(key="opacity").set_value(0.2).run()
    fainter = charts(page)[1]
    radio = next(r for r in page.sidebar.radio if r.label == "Evidence for")
    other = next(
        option for option in (0, 1, 2) if radio.options[option] != radio.value.display_name
    )
    radio.set_value(radio.options[other]).run()
    assert not page.exception
    assert len({before, fainter, charts(page)[1]}) == 3
    assert len(predictions) == 1


def test_films_that_differ_in_one_small_patch_are_read_apart(
    page: AppTest, predictions: list[Prediction]
) -> None:
    pixels = draw_phantom(size_px=1024)
    patched = pixels.copy()
    patched[500:504, 300:304] = 255 - patched[500:504, 300:304]
    drop(page, png(pixels))
    drop(page, png(patched))
    drop(page, png(pixels))
    assert len(predictions) == 2
    assert predictions[0].radiograph_sha256 != predictions[1].radiograph_sha256


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
    assert charts(page) == []
    assert "http://host" not in texts(page)


def test_dicom_without_a_suffix_is_read_and_its_patient_never_shown(page: AppTest) -> None:
    drop(page, dicom_file(draw_phantom(size_px=256), PatientName="Canary^Patient"), "IM000001")
    assert not page.exception
    assert len(charts(page)) == 2
    assert "Canary" not in texts(page) + "".join(charts(page))


def test_a_phantom_is_read_and_said_to_mean_nothing(page: AppTest) -> None:
    page.button(key=f"phantom-{KINDS[2]}").click().run()
    assert not page.exception
    assert len(charts(page)) == 2
    assert "means nothing" in texts(page)


def test_operating_point_and_prevalence_need_no_forward_pass(
    page: AppTest, predictions: list[Prediction]
) -> None:
    drop(page, FILM)
    before = texts(page)
    page.sidebar.radio(key="point").set_value("rule-out").run()
    ruled_out = texts(page)
    assert "Rule-out: called COVID-19 from" in ruled_out and "Balanced: called" in before
    page.sidebar.number_input(key="prevalence").set_value(50.0).run()
    assert not page.exception
    assert "Where 10% of films show COVID-19" in ruled_out
    assert "Where 50% of films show COVID-19" in texts(page)
    assert len(predictions) == 1


def test_the_lungs_are_outlined_and_their_share_of_the_heat_is_told(page: AppTest) -> None:
    drop(page, FILM)
    assert "of the heat lies in the lungs" in texts(page) + "".join(w.value for w in page.warning)
    page.sidebar.toggle(key="outline").set_value(False).run()
    assert not page.exception
    assert len(json.loads(charts(page)[1])["layout"]["images"]) == 3


def test_what_is_no_film_gets_a_reason_and_no_probability(
    page: AppTest, predictions: list[Prediction]
) -> None:
    drop(page, png(np.random.default_rng(0).integers(0, 256, (256, 256), dtype=np.uint8)))
    assert not page.exception
    assert charts(page) == [] and predictions == []
    assert "The model gives no answer" in texts(page)
    upside_down = png(draw_phantom(size_px=256)[::-1])
    drop(page, upside_down)
    assert "on its head" in texts(page).lower()
    assert charts(page) == []


def test_without_weights_the_page_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("covid_core.weights.WEIGHTS", tmp_path)
    page = AppTest.from_file(str(APP), default_timeout=120).run()
    assert not page.exception
    assert "python train.py" in texts(page)

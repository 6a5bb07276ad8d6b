"""The page that asks every recipe: who answers, who is not here, and one that is damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.texts import compare as texts
from covid_core.batch.recipes_here import aurocs_unseen
from covid_core.model.card import RECIPES, WEIGHTS, read_card
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.page import run_page
from tests.films import dicom_file

PAGE = "app/pages/compare.py"
UNSEEN = "covid-chestxray"
FILM = png(draw_phantom(KINDS[-1], size_px=300))


@pytest.fixture
def app() -> AppTest:
    return run_page()


def compared(app: AppTest) -> AppTest:
    app.file_uploader(key="film").upload("film.png", FILM).run()
    return app.switch_page(PAGE).run()


def test_without_a_film_phantoms_are_offered(app: AppTest) -> None:
    page = app.switch_page(PAGE).run()
    assert not page.exception
    assert len(page.button) == len(KINDS)
    assert len(page.dataframe) == 0
    page.button[0].click().run()
    assert not page.exception
    assert [info.value for info in page.info] == [texts.IS_PHANTOM]
    # What the networks agree on of a drawing is no heading.
    assert [one.value for one in page.subheader] == [texts.PICTURES]
    assert len(page.dataframe) == 1


def test_each_recipe_that_is_here_has_a_row_and_a_picture(app: AppTest) -> None:
    page = compared(app)
    assert not page.exception
    table = page.dataframe[0].value
    names = ["densenet121", "cnn-scratch", "efficientnet-two-stage"]
    assert list(table[texts.COLUMNS["recipe"]]) == names
    kinds = [score.split(", ")[1] for score in table[texts.COLUMNS["score"]]]
    assert kinds == ["calibrated", "uncalibrated", "uncalibrated"]
    assert table[texts.COLUMNS["unseen"]][0] == str(aurocs_unseen(read_card(WEIGHTS))[UNSEEN])
    assert UNSEEN in "".join(caption.value for caption in page.caption)
    assert all("score" in call for call in table[texts.COLUMNS["call"]][1:])
    images = [element.proto.imgs[0].alt for element in page.get("image")]
    assert len(images) == len(names) and all("COVID-19" in alt for alt in images)


def test_what_they_agree_on_is_said_first(app: AppTest) -> None:
    page = compared(app)
    calls = page.dataframe[0].value[texts.COLUMNS["call"]]
    suspected = ("COVID-19 likely", "COVID-19 possible", "COVID-19 (")
    positive = sum(any(words in call for words in suspected) for call in calls)
    first = page.subheader[0].value
    assert first.startswith({0: "None of the 3", 3: "All 3"}.get(positive, f"{positive} of 3"))


def test_nothing_is_compared_where_the_answer_must_not_be_used(app: AppTest) -> None:
    film = dicom_file(draw_phantom(KINDS[-1], size_px=256), PatientAge="012Y")
    app.file_uploader(key="film").upload("child.dcm", film).run()
    page = app.switch_page(PAGE).run()
    [error] = page.error
    assert "must not be used" in error.value
    assert len(page.subheader) == len(page.dataframe) == len(page.get("image")) == 0


def test_recipes_that_are_not_here_come_with_their_command(app: AppTest) -> None:
    page = app.switch_page(PAGE).run()
    commands = [code.value for code in page.code]
    assert [command.split("--recipe ")[1].split()[0] for command in commands] == [
        "cnn-narrow",
        "resnet18-three-class",
        "vgg16-binary",
    ]


def test_a_damaged_one_is_a_line_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights"
    folders = [WEIGHTS / name for name in (RECIPES, "gate", "lungs", "known")]
    beside = [file for folder in folders for file in folder.glob("[!.]*")]
    for file in [*WEIGHTS.glob("densenet121.*"), *beside]:
        target = weights / file.relative_to(WEIGHTS)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    tensors = weights / RECIPES / "cnn-scratch.safetensors"
    data = bytearray(tensors.read_bytes())
    data[-1] ^= 1
    tensors.write_bytes(data)
    (weights / RECIPES / "efficientnet-two-stage.json").write_text("{")
    monkeypatch.setattr("covid_core.model.card.WEIGHTS", weights)
    monkeypatch.setattr("app.session.WEIGHTS", weights)
    page = compared(run_page())
    assert not page.exception
    assert {error.value for error in page.error} == {
        texts.NO_ANSWER.format(recipe="cnn-scratch"),
        texts.DAMAGED.format(recipe="efficientnet-two-stage"),
    }
    assert list(page.dataframe[0].value[texts.COLUMNS["recipe"]]) == ["densenet121"]


def test_a_second_look_asks_no_network_again(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page = compared(app)
    first = page.dataframe[0].value

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr("covid_core.predict.predictor.Predictor.predict", never)
    page.run()
    assert not page.exception
    assert page.dataframe[0].value.equals(first)

"""Which recipes are here, what each says, and how their agreement is put into words."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from covid_core.batch.recipes_here import (
    RecipeAnswer,
    agreement_in_words,
    auroc_at_home,
    aurocs_unseen,
    find_recipes,
    make_answer,
    training_command,
)
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import RECIPES, SHIPPED, WEIGHTS, read_card
from covid_core.model.decision import Decision, OperatingPoint, Rules, decide
from covid_core.model.saliency import Saliency
from covid_core.model.tiers import DECIDED, FLAGGED, Tier
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_radiograph
from covid_core.training.variant_names import recipe_names
from tests.models import random_weights

BINARY = (Finding.NORMAL, Finding.COVID)


def said(
    probabilities: tuple[float, ...], recipe: str = "cnn-scratch", rules: Rules | None = None
) -> RecipeAnswer:
    """An answer of these probabilities, without a network."""
    answers = CLASSES if len(probabilities) == 3 else BINARY
    card = read_card(WEIGHTS / RECIPES, "cnn-scratch").replace(
        recipe=recipe,
        classes=answers,
        rules=rules or Rules.plain(len(answers)),
    )
    shares = np.array(probabilities)
    decision: Decision = decide(shares, card.rules, answers)
    prediction = Prediction(
        np.zeros((224, 224), np.uint8),
        answers,
        shares,
        np.log(shares),
        np.zeros((1, 7, 7), np.float32),
        (0, 0, 224, 224),
        decision,
        "",
        "",
        "",
        (),
    )
    cells = np.zeros((7, 7), np.float32)
    return RecipeAnswer(card, prediction, Saliency(Finding.COVID, cells, 0, (0, 0, 7, 7), 7, 1))


def fitted(least: tuple[float, ...] = (0.3, 0.3, 0.3)) -> Rules:
    return replace(
        Rules.plain(3), points=(OperatingPoint("balanced", 0.5),), least=least, coverage=0.9
    )


def test_the_shelf_separates_what_is_here_from_what_is_not() -> None:
    found = find_recipes(WEIGHTS, recipe_names())
    assert [one.recipe for one in found.here] == [SHIPPED, "cnn-scratch", "efficientnet-two-stage"]
    assert found.absent == ("cnn-narrow", "resnet18-three-class", "vgg16-binary")
    assert found.damaged == ()


def test_a_damaged_card_is_reported_and_the_others_stay(tmp_path: Path) -> None:
    random_weights(tmp_path)
    others = tmp_path / RECIPES
    others.mkdir()
    for file in (WEIGHTS / RECIPES).glob("cnn-scratch.*"):
        shutil.copy(file, others)
    (others / "vgg16-binary.json").write_text("{")
    (others / "vgg16-binary.safetensors").write_bytes(b"")
    found = find_recipes(tmp_path, recipe_names())
    assert [one.recipe for one in found.here] == [SHIPPED, "cnn-scratch"]
    [(recipe, error)] = found.damaged
    assert recipe == "vgg16-binary" and "no JSON" in error.sentence


def test_an_empty_folder_has_all_recipes_absent(tmp_path: Path) -> None:
    found = find_recipes(tmp_path, recipe_names())
    assert found.here == ()
    assert SHIPPED in found.absent and len(found.absent) == 6


def test_the_command_is_that_of_the_documents() -> None:
    document = WEIGHTS.parent / "docs" / "results.md"
    words = " ".join(document.read_text(encoding="utf-8").split())
    line = training_command("NAME").removeprefix("python ")
    assert line == "train.py --data manifest.parquet --recipe NAME --out weights/recipes"
    assert line in words


def test_an_answer_of_the_shipped_network_is_its_predictors() -> None:
    predictor = Predictor.load(WEIGHTS)
    prediction = predictor.predict(read_radiograph(png(draw_phantom(size_px=256))))
    one = make_answer(predictor, prediction)
    assert one.calibrated
    tier = prediction.decision.tier
    assert one.suspects is (tier in FLAGGED if tier in DECIDED else None)
    assert one.saliency.finding is Finding.COVID
    assert one.title == "DenseNet-121"


def test_without_rules_the_largest_score_is_the_call() -> None:
    assert said((0.4, 0.6)).suspects
    assert said((0.3, 0.3, 0.4)).suspects  # below a half, and called all the same
    assert said((0.3, 0.3, 0.4)).heat_due
    assert not said((0.6, 0.4)).heat_due
    assert said((0.6, 0.4)).suspects is False
    assert said((0.4, 0.2, 0.4), rules=fitted()).suspects is None


def test_pneumonia_with_covid_possible_is_suspected() -> None:
    assert said((0.02, 0.55, 0.43), rules=fitted()).suspects


@pytest.mark.parametrize("rules", [None, fitted()])
def test_an_answer_that_must_not_be_used_suspects_nothing(rules: Rules | None) -> None:
    one = said((0.05, 0.05, 0.9), rules=rules)
    decision = one.prediction.decision.withheld("It is a child's film.", Tier.CHILD)
    held = replace(one, prediction=replace(one.prediction, decision=decision))
    assert one.suspects and held.suspects is None and not held.heat_due


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            [said((0.1, 0.9)), said((0.2, 0.8)), said((0.2, 0.8))],
            "All 3 suspect COVID-19.",
        ),
        ([said((0.9, 0.1)), said((0.8, 0.2))], "None of the 2 suspects COVID-19."),
        (
            [said((0.1, 0.9)), said((0.9, 0.1)), said((0.9, 0.1))],
            "1 of 3 suspects COVID-19; Four-layer CNN and Four-layer CNN do not.",
        ),
        (
            [said((0.4, 0.2, 0.4), SHIPPED, fitted()), *[said((0.1, 0.9))] * 3],
            "3 of 4 suspect COVID-19; the shipped model is undecided.",
        ),
        ([said((0.4, 0.2, 0.4), rules=fitted())] * 2, "All 2 are undecided."),
        ([said((0.1, 0.9))], "Fewer than two networks are here: there is nothing to compare."),
    ],
)
def test_agreement_in_words(answers: list[RecipeAnswer], words: str) -> None:
    assert agreement_in_words(answers) == words


def test_figures_are_the_cards() -> None:
    card = read_card(WEIGHTS)
    raw = card.results.held_out["covid-chestxray"].classes["covid"].auroc
    assert aurocs_unseen(card)["covid-chestxray"].value == raw.value
    home = auroc_at_home(card)
    assert home is not None
    assert home.value > aurocs_unseen(card)["covid-chestxray"].high


def test_a_card_without_results_has_no_figures(tmp_path: Path) -> None:
    card = read_card(random_weights(tmp_path))
    assert auroc_at_home(card) is None and aurocs_unseen(card) == {}

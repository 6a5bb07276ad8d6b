"""A source held out that chose anything is named with what it chose."""

from __future__ import annotations

from pathlib import Path

import pytest

from covid_core.commands.train import Options, choose_recipe, describe_choices
from covid_core.model.card import WEIGHTS, read_card
from covid_core.model.choices import CHOSEN_BY, choices_by, list_choices, use_in_words
from covid_core.model_card.results import held_out_name
from covid_core.training.recipe import read_recipe


def test_what_a_source_chose_is_stated_by_the_recipe_or_by_people() -> None:
    assert choices_by("away", {}) == choices_by("away", {"keep": "last"}) == []
    assert use_in_words("away", {"keep": "last"}) == "used for no choice"
    assert use_in_words("away", {"keep": "unseen_auroc"}) == "but used to choose the epoch"
    stated = {"keep": "last", "chosen_by": "away: tone, mixture; other: epoch"}
    assert choices_by("away", stated) == ["tone", "mixture"]
    assert use_in_words("away", stated) == "but used to choose the tone and the mixture"
    assert use_in_words("third", stated) == "used for no choice"
    both = stated | {"keep": "unseen_auroc"}
    assert choices_by("away", both) == ["tone", "mixture", "epoch"]
    assert choices_by("other", both) == ["epoch"], "named once"
    stopped = {"keep": "last", "stop": "('unseen_auroc', 0.8)"}
    assert choices_by("away", stopped) == ["epoch"]
    assert choices_by("away", {"schedule": "{'measure': 'unseen_auroc'}"}) == ["learning rate"]


def test_what_a_recipe_let_sources_choose_is_stated_for_those_that_start_from_its_weights() -> None:
    training = {"keep": "unseen_auroc", "chosen_by": "away: tone"}
    assert list_choices(training, ["held"]) == "away: tone, epoch; held: epoch"
    assert list_choices({"keep": "last"}, ["held"]) == ""


def test_no_source_held_out_chooses_in_the_recipe_of_the_weights() -> None:
    assert read_recipe("densenet121").optimisation.keep == "last"


def test_the_shipped_card_owns_up_to_what_its_unseen_source_chose() -> None:
    card = read_card(WEIGHTS)
    assert set(choices_by("covid-chestxray", card.training)) == {"tone", "epoch", "mixture"}
    assert "but used to choose the tone" in held_out_name("covid-chestxray", card)


@pytest.mark.parametrize(
    ("start", "stated"),
    [
        (str(WEIGHTS / "densenet121.safetensors"), "covid-chestxray: tone, epoch, mixture"),
        ("random", None),
    ],
)
def test_what_was_chosen_of_the_weights_at_the_start_stays_chosen(
    start: str, stated: str | None
) -> None:
    options = Options(data=Path("films"), init=start, holdout_source=[], teacher=[], trained_on=[])
    training = describe_choices(options, choose_recipe(options))
    assert training.get(CHOSEN_BY) == stated

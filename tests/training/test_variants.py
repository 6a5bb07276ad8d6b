"""Each study's recipe to the letter, and without its mistakes."""

from __future__ import annotations

import pytest

from covid_core.datasets.split import Split
from covid_core.errors import TrainingError
from covid_core.training.epoch_figures import LOSS
from covid_core.training.recipe import EACH_ONCE, read_recipe
from covid_core.training.variant_names import Variant, recipe_names
from covid_core.training.variants import corrected, protocol_of, recipe_in

# What each study did: network, film size, batch, rate, epochs, its test accuracy.
STUDIES = {
    "efficientnet-two-stage": ("efficientnet_b0", 224, 32, 1e-3, (40, 70), 0.95),
    "resnet18-three-class": ("resnet18", 224, 9, 2e-5, (400,), 0.9889),
    "cnn-scratch": ("cnn4", 224, 16, 1e-3, (20,), 0.9357),
    "vgg16-binary": ("vgg16", 224, 32, 1e-3, (10,), 0.9706),
    "densenet121": ("densenet121", 150, 8, 1e-3, (10,), 0.9922),
}


@pytest.mark.parametrize("name", STUDIES)
def test_as_published_to_the_letter(name: str) -> None:
    recipe = recipe_in(Variant.AS_PUBLISHED, name)
    by, protocol = recipe.optimisation, recipe.published
    assert protocol is not None
    told = (
        recipe.architecture,
        recipe.phases[-1].size_px,
        by.batch_size,
        by.learning_rate,
        tuple(phase.stages[-1][1] for phase in recipe.phases),
        protocol.reported,
    )
    assert told == STUDIES[name]
    assert by.weight_decay == by.clip == by.averaging == by.label_smoothing == 0
    assert protocol.defects and protocol.study and protocol.reported_at
    assert {draw.label for draw in protocol.second} >= {"covid", "normal"}, "a second source"


def test_every_recipe_has_the_three_variants() -> None:
    assert set(STUDIES) == set(recipe_names())
    for name in recipe_names():
        assert recipe_in(Variant.OURS, name).published is None
        assert protocol_of(name) is not None


def test_the_mistakes_are_there_as_published() -> None:
    dense = recipe_in(Variant.AS_PUBLISHED, "densenet121")
    assert dense.schedule.per == "batch" and dense.schedule.every == 7
    assert dense.chooses_by is Split.TEST and dense.optimisation.keep == LOSS
    two = recipe_in(Variant.AS_PUBLISHED, "efficientnet-two-stage")
    second = two.schedule_of(two.phases[1])
    assert second.falls and second.measure == "validation_accuracy"
    assert two.published is not None
    assert two.published.augmented and two.published.positive == "normal"
    resnet = recipe_in(Variant.AS_PUBLISHED, "resnet18-three-class")
    assert resnet.optimisation.stop == ("validation_accuracy", 0.96)
    assert resnet.optimisation.look_every == 10 and resnet.chooses_by is Split.TEST
    assert dense.balance == two.balance == EACH_ONCE and resnet.balance == "class"


@pytest.mark.parametrize("name", STUDIES)
def test_corrected_none_is_left(name: str) -> None:
    recipe = recipe_in(Variant.CORRECTED, name)
    assert recipe == corrected(recipe_in(Variant.AS_PUBLISHED, name))
    for phase in recipe.phases:
        schedule = recipe.schedule_of(phase)
        assert schedule.per == "epoch" and schedule.falls == (schedule.measure == LOSS)
    assert recipe.chooses_by is Split.VALIDATION and recipe.optimisation.look_every == 0
    assert recipe.published is not None
    assert not recipe.published.augmented and recipe.published.positive == "covid"


def test_a_recipe_of_no_study_has_ours_alone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    own = tmp_path / "own.toml"
    own.write_text(
        'says = "x"\narchitecture = "cnn4"\n[[phases]]\ntask = "covid or not"\nstages = [[64, 1]]\n'
    )
    assert recipe_in(Variant.OURS, str(own)) == read_recipe(str(own))
    with pytest.raises(TrainingError, match="recipe own is from no published study"):
        recipe_in(Variant.CORRECTED, str(own))

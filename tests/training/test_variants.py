"""Each study's recipe to the letter, and without its mistakes."""

from __future__ import annotations

import pytest
import torch

from covid_core.datasets.split import Split
from covid_core.errors import TrainingError
from covid_core.model.networks import Network
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
    "cnn-narrow": ("cnn4_narrow", 224, 32, 1e-3, (10,), 0.9706),
    "densenet121": ("densenet121", 150, 8, 1e-3, (10,), 0.9922),
}


@pytest.mark.parametrize("name", STUDIES)
def test_as_published_to_the_letter(name: str) -> None:
    recipe = recipe_in(Variant.AS_PUBLISHED, name)
    by, protocol = recipe.optimisation, recipe.published
    assert protocol is not None
    found = (
        recipe.architecture,
        recipe.phases[-1].size_px,
        by.batch_size,
        by.learning_rate,
        tuple(phase.stages[-1][1] for phase in recipe.phases),
        protocol.reported,
    )
    assert found == STUDIES[name]
    assert by.weight_decay == by.clip == by.averaging == by.label_smoothing == 0
    assert protocol.defects and protocol.study and protocol.reported_at
    assert {draw.label for draw in protocol.second} >= {"covid", "normal"}, "a second source"


# Of each study's head: the squares of the map it sees, dropout before it, then its hidden layers'
# widths, slopes below zero, dropouts, and which are normalised.
HEADS = {
    "efficientnet-two-stage": (
        (1, 0.2),
        [
            (512, 0.1, 0.25, False),
            (128, 0.1, 0.0, True),
            (64, 0.1, 0.0, False),
            (32, 0.1, 0.0, True),
        ],
    ),
    "resnet18-three-class": ((1, 0.0), []),
    "cnn-scratch": ((14, 0.0), [(width, 0.0, 0.25, False) for width in (128, 256, 512, 1024)]),
    "vgg16-binary": ((1, 0.5), [(256, 0.0, 0.5, False)]),
    "cnn-narrow": ((26, 0.0), [(64, 0.0, 0.25, False)]),
    "densenet121": ((1, 0.0), []),
}


@pytest.mark.parametrize("variant", [Variant.AS_PUBLISHED, Variant.CORRECTED])
@pytest.mark.parametrize("name", STUDIES)
def test_the_heads_are_the_studies_to_the_letter(name: str, variant: Variant) -> None:
    plan = recipe_in(variant, name).head_plan
    layers = [(one.width, one.slope, one.dropout, one.normalised) for one in plan.hidden]
    assert ((plan.cells, plan.dropout), layers) == HEADS[name]


def test_a_flattened_head_sees_the_whole_map_of_its_film_size() -> None:
    for name in ("cnn-scratch", "cnn-narrow"):
        recipe = recipe_in(Variant.AS_PUBLISHED, name)
        network = Network(recipe.architecture, 2, recipe.head_plan).eval()
        film = torch.zeros(1, 1, recipe.phases[-1].size_px, recipe.phases[-1].size_px)
        with torch.inference_mode():
            assert network.feature_map(film).shape[2] == recipe.head_plan.cells


def test_the_films_are_sheared_and_shifted_as_the_study_of_vgg_had_them() -> None:
    for name in ("vgg16-binary", "cnn-narrow"):
        augmentation = recipe_in(Variant.AS_PUBLISHED, name).augmentation
        assert (augmentation.shear_degrees, augmentation.shift) == (0.2, (0.2, 0.1))


def test_the_first_stage_is_tested_where_its_study_tested_it() -> None:
    protocol = protocol_of("efficientnet-two-stage")
    assert protocol is not None and protocol.reported_stage == 0.853
    assert {draw.folder for draw in protocol.films if draw.source == "chest_xray"} == {"train"}
    tested = [draw for draw in protocol.second if draw.source == "chest_xray"]
    assert {(one.label, one.first, one.folder) for one in tested} == {
        ("normal", 234, "test"),
        ("pneumonia", 390, "test"),
    }


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

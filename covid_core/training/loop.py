"""The training loop: every phase of a recipe, growing film size, averaged weights, exact resume.

Every random draw comes from a generator seeded by (seed, epoch or step), so that a resumed run
draws what an uninterrupted one would have drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from covid_core.datasets.split import Split
from covid_core.engines.memory import no_room_to_train
from covid_core.model.networks import Network, Outputs
from covid_core.training import processes
from covid_core.training.augment import augment_with_masks
from covid_core.training.batches import Batch, load_batches
from covid_core.training.checkpoint import identify_run
from covid_core.training.epoch import close_epoch
from covid_core.training.half_precision import half_precision
from covid_core.training.log import clear_log
from covid_core.training.losses import Learner, LossLog, Targets, batch_loss
from covid_core.training.progress import Progress, unfreeze
from covid_core.training.recipe import Phase
from covid_core.training.run import Plan, Run, plan_phase
from covid_core.training.surroundings import change_surroundings

_READ_EVERY = 25  # steps: the device is waited for each time that losses are read


def train(
    network: Network, run: Run, after_phase: Callable[[Phase, Network], None] | None = None
) -> Network:
    """The averaged weights of the last phase, on the CPU, after every phase of the recipe in turn.

    `after_phase` is given each phase but the last, and the network that it ended with.

    Writes a checkpoint a phase, a JSON line an epoch to `log.jsonl` in the run's folder, and the
    same for TensorBoard to `tensorboard`; without `resume` those of an older run are deleted first.
    Raises TrainingError on a loss that is not finite, keeping the last checkpoint, on stages too
    short for one step, and on a checkpoint of another run.
    """
    if not run.resume and not processes.rank():
        clear_log(run.folder)
        for checkpoint in run.folder.glob("phase*.pt*"):
            checkpoint.unlink()
    identity = identify_run(run)
    for number, phase in enumerate(run.recipe.phases):
        with no_room_to_train():
            network = train_phase(network, run, number, identity)
        if after_phase and phase is not run.recipe.phases[-1]:
            after_phase(phase, network)
    return network


def train_phase(network: Network, run: Run, number: int, identity: Mapping[str, str]) -> Network:
    """The averaged weights of one phase of the recipe, as `train` runs it.

    `identity`: the run's, for the checkpoint.
    """
    recipe, phase = run.recipe, run.recipe.phases[number]
    optimisation, schedule = recipe.optimisation, recipe.schedule_of(phase)
    network = network.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    unfreeze(network, phase.trained)
    plan = plan_phase(network, run, number)
    checkpoint = run.folder / f"phase{number}.pt"
    progress = Progress(network, optimisation)
    if run.resume:
        progress.restore(checkpoint, identity)
    if progress.ended_early:
        return progress.result()
    learner, losses = wrap_network(network, compiled=run.compiled), LossLog(plan.films.names)
    loss_of = partial(
        batch_loss,
        losses=recipe.losses,
        label_smoothing=optimisation.label_smoothing,
        class_weights=class_weights(plan, run.device) if phase.weighted else None,
    )
    batches = tqdm(
        load_batches(run, plan, progress.step, boxes=network.opacity is not None),
        phase.task,
        plan.steps,
        initial=progress.step,
        unit="step",
        disable=processes.rank() > 0,
    )
    for batch in batches:
        step = progress.step
        factor = schedule.factor_at(step, plan.steps, plan.per_epoch, progress.measured)
        progress.set_rate(optimisation.learning_rate * factor)
        seed = _step_seed(plan.seed, step)
        generator = torch.Generator(run.device).manual_seed(seed)
        x, targets = augment_batch(batch, plan.sizes[step], run, generator)
        torch.manual_seed(seed)  # the network's own draws, by dropout
        set_modes(network, len(x))
        loss = train_step(learner, progress.optimiser, x, targets, loss_of, optimisation.clip)
        losses.add(step, batch.indices, loss)
        progress.average.update(network)
        progress.step += 1
        ends_epoch = progress.step in plan.measured_after
        saves = ends_epoch or progress.step % run.checkpoint_every == 0
        if saves or progress.step % _READ_EVERY == 0:
            batches.set_postfix(loss=f"{losses.read():.3f}", px=plan.sizes[step])
        if ends_epoch:
            close_epoch(progress, run, plan, losses.close_epoch(), generator)
        if saves and not processes.rank():
            progress.save(checkpoint, identity)
        if progress.ended_early:
            break
    return progress.result()


def augment_batch(
    batch: Batch, size_px: int, run: Run, generator: torch.Generator
) -> tuple[torch.Tensor, Targets]:
    """The network's input, float32 (N, 1, size_px, size_px), and what is known of these films."""
    films, moved = augment_with_masks(
        batch.pictures, batch.masks, size_px, run.recipe.augmentation, generator
    )
    masks = None if batch.masks is None else moved
    teacher = run.teachers.answer(films) if run.teachers else None
    targets = Targets(
        batch.labels,
        batch.appearances,
        masks,
        batch.annotated,
        teacher,
        sources=batch.sources,
    )
    if run.lungs:
        limits = run.recipe.surroundings
        films, targets = change_surroundings(films, targets, limits, run.lungs, generator)
    return run.preprocess.normalise(films), targets


def wrap_network(network: Network, *, compiled: bool) -> nn.Module:
    """The network giving every output, shared with the other processes where there are any."""
    learner: nn.Module = Learner(network)
    if processes.count() > 1:
        learner = DistributedDataParallel(learner)
    return torch.compile(learner) if compiled else learner  # type: ignore[return-value]


def set_modes(network: Network, films: int) -> None:
    """Set each part of a network to learn from a batch of so many films, or to stay as it is."""
    network.train()
    if films == 1:
        network.head.eval()  # one film alone has no deviation to normalise by
    for part in network.modules():
        learnt = [parameter.requires_grad for parameter in part.parameters()]
        if learnt and not any(learnt):
            part.eval()  # frozen: its normalisation too


def train_step(
    learner: nn.Module,
    optimiser: torch.optim.Optimizer,
    x: torch.Tensor,
    targets: Targets,
    loss_of: Callable[[Outputs, Targets], torch.Tensor],
    clip: float = 0.0,
) -> torch.Tensor:
    """The loss of one step of learning, 0-d and still on the device.

    It is the gradient's length where that is not finite, which, unlike the loss, is the same in all
    processes. `learner`: the network as `wrap_network` gives it. `clip`: the gradient's greatest
    length, 0 for any.
    """
    with half_precision(x.device):
        outputs = learner(x.contiguous(memory_format=torch.channels_last))
    loss = loss_of(outputs, targets)
    optimiser.zero_grad()
    loss.backward()
    length = nn.utils.clip_grad_norm_(learner.parameters(), clip or math.inf)
    optimiser.step()
    return torch.where(length.isfinite(), loss.detach(), length)


def class_weights(plan: Plan, device: torch.device) -> torch.Tensor:
    """The weight of each output in the loss, (outputs,): the rarer its films, the larger."""
    labels = plan.films.labels[plan.films.part(Split.TRAIN)]
    shares = np.bincount(labels, minlength=len(plan.phase.task_definition.outputs)) / max(
        1, len(labels)
    )
    return torch.tensor(1 - shares, dtype=torch.float32, device=device)


def _step_seed(seed: int, step: int) -> int:
    """The seed of a step: another for every step, run and process, the same when resumed."""
    return (seed * 1_000_003 + step) * processes.count() + processes.rank()

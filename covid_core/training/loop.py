"""The training loop: every layer trained, growing film size, averaged weights, exact resume.

Every random draw comes from a generator seeded by (seed, epoch or step), so that a resumed run
draws what an uninterrupted one would have drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from covid_core.datasets.split import Split
from covid_core.engines.memory import no_room_to_train
from covid_core.errors import TrainingError
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from covid_core.training import processes
from covid_core.training.augment import augment_with_masks
from covid_core.training.averaging import reach
from covid_core.training.batches import Batch, Loader, ahead, share_of
from covid_core.training.films import Films
from covid_core.training.log import clear_log
from covid_core.training.losses import Learner, Losses, Targets, loss_of
from covid_core.training.progress import Progress, thaw
from covid_core.training.recipe import EACH_ONCE, Optimisation, Phase, Recipe
from covid_core.training.sampling import balance, draws, rounds, steps_of
from covid_core.training.step_losses import StepLosses
from covid_core.training.teachers import Teachers
from covid_core.training.terms import terms
from covid_core.training.validating import look

_CHECK_EVERY = 25  # steps, after which losses are read


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """All that a training is given but its network.

    `folder`: for checkpoints and the log. `resume`: go on from its checkpoint. `compiled`: by
    torch.compile, which takes a minute or two before the first step at each film size. `teachers`:
    whose answers are learnt too.
    """

    films: Films
    preprocess: Preprocess
    recipe: Recipe
    folder: Path
    seed: int
    device: torch.device
    resume: bool = False
    checkpoint_every: int = 100
    compiled: bool = False
    teachers: Teachers | None = None

    def terms(self) -> dict[str, str]:
        """What makes the run the run it is, by name."""
        return terms(
            self.films,
            self.preprocess,
            self.recipe,
            seed=self.seed,
            device=self.device,
            compiled=self.compiled,
            teachers=self.teachers.names if self.teachers else (),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A phase's steps.

    `films`: labelled by its task; `indices`: those that train; `sizes`: of the films at each step,
    px; `per_epoch`: steps; `seed`: of its draws.
    """

    phase: Phase
    films: Films
    indices: np.ndarray
    sizes: list[int]
    per_epoch: int
    seed: int


def train(network: Network, run: Run) -> Network:
    """Every phase of a recipe in turn; gives the last one's averaged weights, on the CPU.

    Writes a checkpoint a phase, a JSON line an epoch to `log.jsonl` in the run's folder, and the
    same for TensorBoard to `tensorboard`; without `resume` those of an older run go first. Raises
    TrainingError on a loss that is not finite, keeping the last checkpoint, on stages too short
    for one step, and on a checkpoint of another run.
    """
    if not run.resume and not processes.rank():
        clear_log(run.folder)
        for checkpoint in run.folder.glob("phase*.pt*"):
            checkpoint.unlink()
    chosen = run.terms()
    for number, phase in enumerate(run.recipe.phases):
        with no_room_to_train():
            network = train_phase(network, run, phase, number, chosen)
    return network


def films_for(films: Films, phase: Phase) -> Films:
    """The films as a phase takes them."""
    own = films.asked(phase.asked)
    return own.alike() if phase.alike else own


def plan_of(network: Network, run: Run, phase: Phase, seed: int) -> Plan:
    """The steps of a phase. Raises TrainingError where its stages make none."""
    films, by = films_for(run.films, phase), run.recipe.optimisation
    more = network.opacity is not None or network.appearance is not None
    indices = films.part(Split.TRAIN)
    if more:
        indices = films.to_learn(unknown=run.teachers is not None)
    once = run.recipe.balance == EACH_ONCE
    steps = steps_of(len(indices), by.batch_size) if once else len(indices) / by.batch_size
    sizes = phase.sizes(steps)
    if not sizes:
        raise TrainingError(
            f"the stages make no step with {len(indices)} films to train on",
            "Give more epochs with --stages, or a smaller --batch-size",
        )
    if reach(by.averaging) > len(sizes):
        tqdm.write(
            f"averaging {by.averaging:g} looks back over {reach(by.averaging)} steps, and this"
            f" phase has {len(sizes)}: it averages over fewer"
        )
    return Plan(phase, films, indices, sizes, max(1, round(steps)), seed)


def train_phase(
    network: Network, run: Run, phase: Phase, number: int, chosen: Mapping[str, str]
) -> Network:
    """One phase, as `train` runs it. `number`: which of the recipe's; `chosen`: the run's terms."""
    recipe, by = run.recipe, run.recipe.optimisation
    network = network.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    thaw(network, phase.trained)
    plan = plan_of(network, run, phase, run.seed + number)
    schedule, checkpoint = recipe.schedule_of(phase), run.folder / f"phase{number}.pt"
    progress = Progress(network, by)
    if run.resume:
        progress.restore(checkpoint, chosen)
    if progress.ended_early:
        return progress.result()
    learner, losses = share_network(network, compiled=run.compiled), StepLosses(plan.films.names)
    rarer, looks = _rarer(plan, run.device), by.look_every or plan.per_epoch
    shown = tqdm(
        load_batches(network, run, plan, progress.step),
        phase.task,
        len(plan.sizes),
        initial=progress.step,
        unit="step",
        disable=processes.rank() > 0,
    )
    for batch in shown:
        done = progress.step
        share = schedule.factor_at(done, len(plan.sizes), plan.per_epoch, progress.followed)
        progress.set_rate(by.learning_rate * share)
        generator = torch.Generator(run.device).manual_seed(_draw_seed(plan.seed, done))
        x, targets = vary(batch, plan.sizes[done], run, generator)
        torch.manual_seed(_draw_seed(plan.seed, done))  # the network's own draws, by dropout
        loss = step(learner, network, progress.optimiser, x, targets, by, recipe.losses, rarer)
        losses.add(done, batch, loss)
        progress.average.update(network)
        progress.step += 1
        ended = progress.step % looks == 0 or progress.step == len(plan.sizes)
        saved = ended or progress.step % run.checkpoint_every == 0
        if saved or progress.step % _CHECK_EVERY == 0:
            shown.set_postfix(loss=f"{losses.check():.3f}", px=plan.sizes[done])
        if ended:
            _close_epoch(progress, run, plan, losses, generator)
        if saved and not processes.rank():
            progress.save(checkpoint, chosen)
        if progress.ended_early:
            break
    return progress.result()


def _close_epoch(
    progress: Progress, run: Run, plan: Plan, losses: StepLosses, generator: torch.Generator
) -> None:
    """Measure and log; whether it is the best epoch so far, and whether it ends the phase."""
    recipe, phase, size = run.recipe, plan.phase, plan.sizes[progress.step - 1]
    row = look(
        progress.average.network,
        plan.films,
        run.preprocess,
        recipe,
        phase,
        size,
        run.folder,
        {"task": phase.task, "step": progress.step, "loss": losses.mean()},
        generator=generator,
    )
    progress.followed.append(row.get(recipe.schedule_of(phase).measure, math.nan))
    if size == phase.size_px:  # else it would be used at a wrong size
        progress.close_epoch(row, recipe.optimisation)
    progress.ended_early = processes.told_by_first(progress.ended_early)


def load_batches(network: Network, run: Run, plan: Plan, start: int) -> Iterator[Batch]:
    """The batches of a phase's steps from `start` on, this process's part of each."""
    by, indices, steps = run.recipe.optimisation, plan.indices, len(plan.sizes)
    if run.recipe.balance == EACH_ONCE:
        batches = rounds(indices, steps, by.batch_size, plan.seed, start)
    else:
        films = plan.films
        weights = balance(films.labels[indices], films.sources[indices], run.recipe.balance)
        batches = draws(indices, weights, steps, by.batch_size, plan.seed, start)
    own = (share_of(batch, processes.rank(), processes.count()) for batch in batches)
    return ahead(Loader(plan.films, run.device, boxes=network.opacity is not None), own)


def vary(
    batch: Batch, size_px: int, run: Run, generator: torch.Generator
) -> tuple[torch.Tensor, Targets]:
    """A batch as the network is shown it, float32 (N, 1, size_px, size_px), and what is known of it
    then.
    """
    films, masks = augment_with_masks(
        batch.pictures, batch.masks, size_px, run.recipe.augmentation, generator
    )
    moved = None if batch.masks is None else masks
    teacher = run.teachers.answer(films) if run.teachers else None
    targets = Targets(batch.labels, batch.appearances, moved, batch.annotated, teacher)
    return run.preprocess.normalise(films), targets


def share_network(network: Network, *, compiled: bool) -> nn.Module:
    """The network to ask for every output, shared with the other processes where there are any."""
    learner: nn.Module = Learner(network)
    if processes.count() > 1:
        learner = DistributedDataParallel(learner)
    return torch.compile(learner) if compiled else learner  # type: ignore[return-value]


def step(
    learner: nn.Module,
    network: Network,
    optimiser: torch.optim.Optimizer,
    x: torch.Tensor,
    targets: Targets,
    by: Optimisation,
    losses: Losses,
    rarer: torch.Tensor | None = None,
) -> torch.Tensor:
    """One step of learning; gives the loss, 0-d and still on the device, or the gradient's length
    where that is not finite: it is the same in all processes, and the loss is not.

    `learner`: the network as `share_network` gives it. `rarer`: the outputs' weights in the loss,
    (outputs,).
    """
    network.train()
    if not next(network.features.parameters()).requires_grad:
        network.features.eval()  # frozen: its normalisation too
    with torch.autocast(x.device.type, torch.bfloat16):
        answered = learner(x.contiguous(memory_format=torch.channels_last))
    loss = loss_of(answered, targets, losses, label_smoothing=by.label_smoothing, rarer=rarer)
    optimiser.zero_grad()
    loss.backward()
    length = nn.utils.clip_grad_norm_(network.parameters(), by.clip or math.inf)
    optimiser.step()
    return torch.where(length.isfinite(), loss.detach(), length)


def _rarer(plan: Plan, device: torch.device) -> torch.Tensor | None:
    """The outputs' weights in the loss, where a phase weighs the rare ones more."""
    if not plan.phase.weighted:
        return None
    labels = plan.films.labels[plan.films.part(Split.TRAIN)]
    shares = np.bincount(labels, minlength=len(plan.phase.asked.outputs)) / max(1, len(labels))
    return torch.tensor(1 - shares, dtype=torch.float32, device=device)


def _draw_seed(seed: int, step: int) -> int:
    """Another for every step, run and process, the same when a run is resumed."""
    return (seed * 1_000_003 + step) * processes.count() + processes.rank()

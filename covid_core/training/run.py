"""What one training is given, and the steps that a phase of it makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from covid_core.datasets.split import Split
from covid_core.errors import DatasetError, TrainingError
from covid_core.model.lungs_network import LungNetwork
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.averaging import averaged_steps
from covid_core.training.films import Films
from covid_core.training.recipe import EACH_ONCE, Phase, Recipe
from covid_core.training.sampling import steps_per_epoch
from covid_core.training.teachers import Teachers


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """All that a training is given but its network.

    `folder`: for checkpoints and the log. `resume`: go on from its checkpoint. `compiled`: by
    torch.compile, which takes a minute or two before the first step at each film size. `teachers`:
    networks whose answers are learnt too. `lungs`: the network that finds the lungs, where the
    recipe changes what surrounds them.
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
    lungs: LungNetwork | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The steps of a phase.

    `films`: labelled by its task; `indices`: those that train; `sizes`: the film size of each step,
    px; `per_epoch`: steps; `seed`: of its draws; `measured_after`: the numbers of steps after which
    it is measured: at the end of each epoch, or as often as the recipe asks.
    """

    phase: Phase
    films: Films
    indices: np.ndarray
    sizes: list[int]
    per_epoch: int
    seed: int
    measured_after: frozenset[int]

    @property
    def steps(self) -> int:
        """How many steps the phase has."""
        return len(self.sizes)


def label_films(films: Films, phase: Phase) -> Films:
    """The films labelled by a phase's task, trimmed to the rarest label where the phase says so."""
    labelled = films.label_by(phase.task_definition)
    return labelled.trim_to_rarest() if phase.alike else labelled


def check_task_tested(films: Films, phase: Phase) -> None:
    """Raise DatasetError where the test part has no film of a class that the phase learns."""
    if not len(label_films(films, phase).part(Split.TEST)):
        raise DatasetError(
            f"the test part has no radiograph of a class of the task: {phase.task}",
            "Make the manifest anew, with such radiographs to test",
        )


def plan_phase(network: Network, run: Run, number: int) -> Plan:
    """The steps of one phase of the recipe. Raises TrainingError where its stages make none."""
    recipe, phase = run.recipe, run.recipe.phases[number]
    films, optimisation = label_films(run.films, phase), recipe.optimisation
    indices = films.part(Split.TRAIN)
    if network.opacity is not None or network.appearance is not None:
        indices = films.training_indices(include_unknown=run.teachers is not None)
    steps = len(indices) / optimisation.batch_size
    if recipe.balance == EACH_ONCE:
        steps = steps_per_epoch(len(indices), optimisation.batch_size)
    sizes = phase.sizes(steps)
    if not sizes:
        raise TrainingError(
            f"the stages make no step with {len(indices)} radiographs to train on",
            "Give more epochs with --stages, or a smaller --batch-size",
        )
    reach = averaged_steps(optimisation.averaging)
    if reach > len(sizes):
        tqdm.write(
            f"averaging {optimisation.averaging:g} looks back over {reach} steps, and this phase"
            f" has {len(sizes)}: it averages over fewer"
        )
    measured_after = steps_to_measure(len(sizes), optimisation.look_every or steps)
    return Plan(
        phase, films, indices, sizes, max(1, round(steps)), run.seed + number, measured_after
    )


def steps_to_measure(steps: int, every: float) -> frozenset[int]:
    """After how many steps a phase of so many is measured: every so often, and at its end.

    Not one step before its end: the sizes' epochs are rounded one by one.
    """
    times = range(1, int(steps / every) + 1)
    return frozenset({round(time * every) for time in times} - {0, steps - 1} | {steps})

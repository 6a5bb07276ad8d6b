"""A recipe: all that makes one training another than the next, as data in a TOML file.

`recipes/NAME.toml` beside this module holds those that come with the project, as we train them on
all films of a manifest; `recipes/as-published/NAME.toml` the same as its study trained it, to the
letter (`variants`). Any other TOML file serves as well. A key that no recipe has is an error, so
that a misspelt one is not passed over.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from covid_core.datasets.published import Draw, Protocol
from covid_core.datasets.split import Split
from covid_core.errors import TrainingError
from covid_core.model.architectures import TITLES
from covid_core.model.tasks import TASKS, Task
from covid_core.prepare.preprocess import Borders, Fit, Preprocess, Tone
from covid_core.training.augment import Augmentation
from covid_core.training.epoch_figures import MEASURES
from covid_core.training.losses import Losses
from covid_core.training.schedule import Schedule
from covid_core.training.variant_names import RECIPES, recipe_names

EACH_ONCE, CELLS = "each once", "cells"
Balance = Literal[
    "cells", "class and sources alike", "class and source", "class", "none", "each once"
]
Trained = Literal["all", "head", "last convolution"]  # and the head besides
LAST = "last"
_USUAL = Preprocess()
_Section = TypeVar("_Section")


@dataclass(frozen=True, slots=True)
class Phase:
    """One task for a while; the next phase starts from its weights.

    `stages`: (film size in px, epochs) in turn. `trained`: every layer, the head alone, or the
    last convolution and the head. `weighted`: in the loss, a rare output's films count more.
    `alike`: no more films of an output than of the rarest. `schedule`: its own, in place of the
    recipe's.
    """

    task: str
    stages: tuple[tuple[int, float], ...]
    trained: Trained = "all"
    weighted: bool = False
    alike: bool = False
    schedule: Schedule | None = None

    def sizes(self, per_epoch: float) -> list[int]:
        """The film size of every step, where so many make an epoch."""
        return [size for size, epochs in self.stages for _ in range(round(per_epoch * epochs))]

    @property
    def size_px(self) -> int:
        """The film size it ends with, and its network is used at."""
        return self.stages[-1][0]

    @property
    def task_definition(self) -> Task:
        """The task: which findings stand for which outputs."""
        return TASKS[self.task]


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How fast, and until when: `learning_rate` at its highest, over a phase as `schedule` says.

    `averaging`: decay of the averaged weights, 0 for none. `clip`: the gradient's greatest length,
    0 for any. `keep`: the epoch whose weights a phase ends with: the last, or, of those at the last
    film size, the best by one of `scoring.validate`'s measures. `stop`: a measure, and how good it
    must be, at that size, to end a phase early. `look_every`: so many steps instead of every epoch.
    """

    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.0
    averaging: float = 0.0
    clip: float = 5.0
    keep: str = LAST
    stop: tuple[str, float] | None = None
    look_every: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """`init`: as `initial_weights.initial_state` takes it.

    `opacity_map`, `appearance`: whether boxes and appearances are learnt too. `fit` to `std`: as
    `Preprocess` has them. `balance`: what is drawn equally often; or each film once an epoch.
    `published`: the films and the split of the study, where the recipe is one's to the letter or
    the same without its mistakes.
    """

    name: str
    says: str
    architecture: str
    phases: tuple[Phase, ...]
    init: str = "imagenet"
    head_depth: int = 0
    opacity_map: bool = False
    appearance: bool = False
    fit: Fit = "squash"
    smooth_px: float = 0.0
    tone: Tone = "stretch"
    borders: Borders = "keep"
    low_percentile: float = _USUAL.low_percentile
    high_percentile: float = _USUAL.high_percentile
    mean: float = _USUAL.mean
    std: float = _USUAL.std
    balance: Balance = "class and source"
    optimisation: Optimisation = field(default_factory=Optimisation)
    schedule: Schedule = field(default_factory=Schedule)
    augmentation: Augmentation = field(default_factory=Augmentation)
    losses: Losses = field(default_factory=Losses)
    published: Protocol | None = None

    @property
    def preprocess(self) -> Preprocess:
        """What its last phase's network is shown."""
        return Preprocess(
            self.phases[-1].size_px,
            self.fit,
            self.smooth_px,
            self.low_percentile,
            self.high_percentile,
            self.tone,
            self.mean,
            self.std,
            borders=self.borders,
        )

    def schedule_of(self, phase: Phase) -> Schedule:
        """The phase's own schedule, or the recipe's."""
        return phase.schedule or self.schedule

    @property
    def chooses_by(self) -> Split:
        """The films that stop it and choose its epoch."""
        return self.published.chooses_by if self.published else Split.VALIDATION


def read_recipe(name: str) -> Recipe:
    """A recipe by name, or from a TOML file. Raises TrainingError."""
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(
            f"there is no recipe {name}",
            f"Give one of {', '.join(recipe_names())}, or a .toml file",
        ) from error
    except ValueError as error:  # TOML's own error, and text that is no UTF-8
        raise _wrong(path, f"it is no TOML: {error}") from error
    phases = table.pop("phases", [])
    published = table.pop("published", None)
    recipe = _section(
        Recipe,
        path,
        {
            **table,
            "name": path.stem,
            "phases": tuple(_phase(path, phase) for phase in phases),
            "optimisation": _section(Optimisation, path, table.pop("optimisation", {})),
            "schedule": _section(Schedule, path, table.pop("schedule", {})),
            "augmentation": _section(Augmentation, path, table.pop("augmentation", {})),
            "losses": _section(Losses, path, table.pop("losses", {})),
            "published": None if published is None else _protocol(path, published),
        },
    )
    _check(recipe, path)
    return recipe


def _phase(path: Path, table: dict[str, Any]) -> Phase:
    stages = tuple((int(size), float(epochs)) for size, epochs in table.get("stages", ()))
    schedule = table.get("schedule")
    own = None if schedule is None else _section(Schedule, path, schedule)
    return _section(Phase, path, {**table, "stages": stages, "schedule": own})


def _protocol(path: Path, table: dict[str, Any]) -> Protocol:
    draws = {
        name: [_section(Draw, path, draw) for draw in table.pop(name, [])]
        for name in ("films", "second")
    }
    return _section(Protocol, path, {**table, **draws})


def _section(kind: type[_Section], path: Path, table: dict[str, Any]) -> _Section:
    known = {known.name for known in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - known)
    if unknown:
        raise _wrong(path, f"no recipe has a key {', '.join(unknown)}")
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in table.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise _wrong(path, f"it lacks something: {error}") from error


def _check(recipe: Recipe, path: Path) -> None:
    if recipe.architecture not in TITLES:
        raise _wrong(path, f"there is no architecture {recipe.architecture}")
    if recipe.borders not in get_args(Borders):
        raise _wrong(path, f"borders are kept or cut, not {recipe.borders}")
    if not recipe.phases:
        raise _wrong(path, "it has no phase")
    for phase in recipe.phases:
        if phase.task not in TASKS:
            raise _wrong(path, f"there is no task {phase.task}")
        if not phase.stages:
            raise _wrong(path, f"the phase {phase.task} has no stages")
    by = recipe.optimisation
    followed = [recipe.schedule_of(phase).measure for phase in recipe.phases]
    for measure in (by.keep, by.stop[0] if by.stop else LAST, *followed):
        if measure not in (*MEASURES, LAST):
            raise _wrong(path, f"nothing is measured as {measure}")
    if len({len(phase.task_definition.outputs) for phase in recipe.phases}) > 1:
        raise _wrong(path, "its phases ask for different numbers of outputs")


def _wrong(path: Path, problem: str) -> TrainingError:
    return TrainingError(problem, "Compare it with a recipe of the project", file=str(path))

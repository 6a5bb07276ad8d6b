"""A recipe: all that makes one training another than the next, as data in a TOML file.

`recipes/NAME.toml` beside this module holds those that come with the project, as we train them on
all films of a manifest; `recipes/as-published/NAME.toml` the same as its study trained it, to the
letter (`variants`). Any other TOML file serves as well. A key that no recipe has is an error, so
that a misspelt one is not passed over.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from covid_core.datasets.published import Protocol
from covid_core.datasets.split import Split
from covid_core.errors import TrainingError
from covid_core.model.architectures import TRANSITIONS, ArchitectureName, can_be_fine
from covid_core.model.head_plan import HeadPlan, deep_head
from covid_core.model.tasks import TASKS, Task, TaskName
from covid_core.prepare.preprocess import Borders, Fit, Preprocess, Tone
from covid_core.storage.records import STRICTLY, parse
from covid_core.training.augment import Augmentation
from covid_core.training.epoch_figures import MEASURES
from covid_core.training.losses import Losses
from covid_core.training.schedule import Schedule
from covid_core.training.surroundings import Surroundings
from covid_core.training.variant_names import RECIPE_FILES, recipe_names

EACH_ONCE, CELLS = "each once", "cells"
Balance = Literal[
    "cells", "class and sources alike", "class and source", "class", "none", "each once"
]
TrainedLayers = Literal["all", "head", "last convolution", "detail"]
LAST = "last"
_NO_CHOICES = ("name", "says", "published", "optimisation")  # for people, or stated in parts
_USUAL = Preprocess()
_REMEDY = "Compare it with a recipe of the project"


def _is_measured(name: str) -> str:
    if name not in MEASURES:
        raise ValueError(f"nothing is measured as {name}")
    return name


def _is_kept(name: str) -> str:
    return name if name == LAST else _is_measured(name)


def _have_as_many_outputs(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    if not phases:
        raise ValueError("it has no phase")
    for phase in phases:
        if phase.schedule:
            _is_measured(phase.schedule.measure)
    if len({len(phase.task_definition.outputs) for phase in phases}) > 1:
        raise ValueError("its phases ask for different numbers of outputs")
    return phases


def _follows_what_is_measured(schedule: Schedule) -> Schedule:
    _is_measured(schedule.measure)
    return schedule


@dataclass(frozen=True, slots=True)
class Phase:
    """One task for a while; the next phase starts from its weights.

    `stages`: (film size in px, epochs) in turn. `trained`: every layer, the head alone, the last
    convolution and the head, or the detail of a fine opacity map alone. `weighted`: in the loss, a
    rare output's films count more. `alike`: no more films of an output than of the rarest.
    `schedule`: its own, in place of the recipe's.
    """

    task: TaskName
    stages: Annotated[tuple[tuple[int, float], ...], Field(min_length=1)]
    trained: TrainedLayers = "all"
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
    film size, the best by one of `epoch_figures.MEASURES`. `stop`: a measure, and how good it
    must be, at that size, to end a phase early. `look_every`: so many steps instead of every epoch.
    """

    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.0
    averaging: float = 0.0
    clip: float = 5.0
    keep: Annotated[str, AfterValidator(_is_kept)] = LAST
    stop: tuple[Annotated[str, AfterValidator(_is_measured)], float] | None = None
    look_every: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that makes one training another than the next.

    `init`: as `initial_weights.initial_state` takes it. `head`: the network's; or this project's
    own with so many hidden layers, `head_depth`.

    `opacity_map`, `appearance`: whether boxes and appearances are learnt too; `fine_opacity`: boxes
    in cells half as wide. `fit` to `std`: as `Preprocess` has them. `balance`: what is drawn
    equally often; or each film once an epoch. `published`: the films and the split of the study,
    where the recipe is one's to the letter or the same without its mistakes.
    """

    __pydantic_config__ = STRICTLY

    name: str
    says: str
    architecture: ArchitectureName
    phases: Annotated[tuple[Phase, ...], AfterValidator(_have_as_many_outputs)]
    init: str = "imagenet"
    head: HeadPlan | None = None
    head_depth: Annotated[int, Field(ge=0, le=4)] = 0
    opacity_map: bool = False
    fine_opacity: bool = False
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
    schedule: Annotated[Schedule, AfterValidator(_follows_what_is_measured)] = field(
        default_factory=Schedule
    )
    augmentation: Augmentation = field(default_factory=Augmentation)
    surroundings: Surroundings = field(default_factory=Surroundings)
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

    @property
    def head_plan(self) -> HeadPlan:
        """What its network's head is made of."""
        return self.head or deep_head(self.head_depth)

    @property
    def choices(self) -> dict[str, Any]:
        """All that this recipe chooses, by name, without what only people read."""
        chosen = {**asdict(self), **asdict(self.optimisation)}
        return {name: value for name, value in chosen.items() if name not in _NO_CHOICES}

    def schedule_of(self, phase: Phase) -> Schedule:
        """The phase's own schedule, or the recipe's."""
        return phase.schedule or self.schedule

    @property
    def chooses_by(self) -> Split:
        """The films that stop it and choose its epoch."""
        return self.published.chooses_by if self.published else Split.VALIDATION


def read_recipe(name: str) -> Recipe:
    """A recipe by name, or from a TOML file. Raises TrainingError."""
    path = Path(name) if name.endswith(".toml") else RECIPE_FILES / f"{name}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(
            f"there is no recipe {name}",
            f"Give one of {', '.join(recipe_names())}, or a .toml file",
        ) from error
    except ValueError as error:  # TOML's own error, and text that is no UTF-8
        raise TrainingError(f"it is no TOML: {error}", _REMEDY, file=str(path)) from error
    recipe = parse(Recipe, {**table, "name": path.stem}, path, error=TrainingError, remedy=_REMEDY)
    check_outputs(recipe)
    return recipe


def check_outputs(recipe: Recipe) -> None:
    """Raise TrainingError where the recipe's network can't give what the recipe wants of it."""
    if recipe.fine_opacity and not can_be_fine(recipe.architecture, opacity_map=recipe.opacity_map):
        raise TrainingError(
            f"{recipe.architecture}, or a network without opacity map, can't have a fine one",
            f"Leave fine_opacity out, or take {', '.join(TRANSITIONS)} with opacity_map",
        )
    if not recipe.fine_opacity and any(phase.trained == "detail" for phase in recipe.phases):
        raise TrainingError(
            "the recipe's network has no fine opacity map whose detail could be trained",
            "Set fine_opacity = true in the recipe",
        )

"""A recipe: all that makes one training another than the next, as data in a TOML file.

`recipes/NAME.toml` beside this module holds those that come with the project; any other TOML file
serves as well. A key that no recipe has is an error, so that a misspelt one is not passed over.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from covid_core.architectures import TITLES
from covid_core.datasets.published import Draw, Protocol
from covid_core.errors import TrainingError
from covid_core.preprocess import Fit, Tone
from covid_core.tasks import TASKS, Task
from covid_core.training.augment import Augmentation
from covid_core.training.scoring import MEASURES

RECIPES = Path(__file__).with_name("recipes")
Balance = Literal["class and sources alike", "class and source", "class", "none"]
LAST = "last"
_Section = TypeVar("_Section")


@dataclass(frozen=True, slots=True)
class Phase:
    """One task for a while; the next phase starts from its weights.

    `stages`: (film size in px, epochs) in turn. `trained`: every layer, or the head alone.
    """

    task: str
    stages: tuple[tuple[int, float], ...]
    trained: Literal["all", "head"] = "all"

    def sizes(self, films: int, batch_size: int) -> list[int]:
        """The film size of every step, where `films` make an epoch."""
        steps = films / batch_size
        return [size for size, epochs in self.stages for _ in range(round(steps * epochs))]

    @property
    def size_px(self) -> int:
        """The film size it ends with, and its network is used at."""
        return self.stages[-1][0]

    @property
    def asked(self) -> Task:
        return TASKS[self.task]


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How fast, and until when. One cosine runs over a phase, from `learning_rate` to nothing,
    after `warm_up`.

    `averaging`: decay of the averaged weights, 0 for none. `keep`: the epoch whose weights a phase
    ends with: the last, or, of those at the last film size, the best by one of
    `scoring.validate`'s measures. `stop`: a measure, and how good it must be, at that size, to end
    a phase early.
    """

    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.0
    averaging: float = 0.0
    warm_up: float = 0.05
    keep: str = LAST
    stop: tuple[str, float] | None = None

    def rate(self, done: float) -> float:
        """The learning rate at a share (0 to 1) of the phase."""
        if done < self.warm_up:
            return self.learning_rate * done / self.warm_up
        wave = (done - self.warm_up) / (1 - self.warm_up)
        return self.learning_rate * (1 + math.cos(math.pi * wave)) / 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """`init`: as `networks.initial_state` takes it. `balance`: what is drawn equally often.
    `published`: the films and the split of the study that the recipe is from."""

    name: str
    says: str
    architecture: str
    phases: tuple[Phase, ...]
    init: str = "imagenet"
    head_depth: int = 0
    fit: Fit = "squash"
    smooth_px: float = 0.0
    tone: Tone = "stretch"
    balance: Balance = "class and source"
    optimisation: Optimisation = field(default_factory=Optimisation)
    augmentation: Augmentation = field(default_factory=Augmentation)
    published: Protocol | None = None


def recipe_names() -> list[str]:
    """The recipes that come with the project."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


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
            "augmentation": _section(Augmentation, path, table.pop("augmentation", {})),
            "published": None if published is None else _protocol(path, published),
        },
    )
    _check(recipe, path)
    return recipe


def published_protocol(recipe: Recipe) -> Protocol:
    """The recipe's study. Raises TrainingError where the recipe is from none."""
    if recipe.published is None:
        raise TrainingError(
            f"the recipe {recipe.name} names no published protocol",
            "Train it without --as-published",
        )
    return recipe.published


def _phase(path: Path, table: dict[str, Any]) -> Phase:
    stages = tuple((int(size), float(epochs)) for size, epochs in table.get("stages", ()))
    return _section(Phase, path, {**table, "stages": stages})


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
    if not recipe.phases:
        raise _wrong(path, "it has no phase")
    for phase in recipe.phases:
        if phase.task not in TASKS:
            raise _wrong(path, f"there is no task {phase.task}")
        if not phase.stages:
            raise _wrong(path, f"the phase {phase.task} has no stages")
    by = recipe.optimisation
    for measure in (by.keep, by.stop[0] if by.stop else LAST):
        if measure not in (*MEASURES, LAST):
            raise _wrong(path, f"nothing is measured as {measure}")
    if len({len(phase.asked.outputs) for phase in recipe.phases}) > 1:
        raise _wrong(path, "its phases ask for different numbers of outputs")


def _wrong(path: Path, problem: str) -> TrainingError:
    return TrainingError(problem, "Compare it with a recipe of the project", file=str(path))

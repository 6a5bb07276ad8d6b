"""What lies in weights/: tensors in safetensors, each with a card that says what they are.

    weights/densenet121.safetensors   convolutions and head in float16, the rest in float32
    weights/densenet121.json          the card: classes, preprocessing, data, results, sha256
    weights/recipes/                  the other recipes' cards, and the tensors of the small ones
    weights/as-published/             cards of every recipe trained as its study did, leaks and all
    weights/corrected/                cards of the same without the study's mistakes
    weights/left-out/                 cards of networks each trained without one source, if any
    weights/teachers/                 networks to learn from, by `train.py --teacher`
    weights/lungs/, weights/gate/     two more networks, by `lungs` and `gate`
    weights/known/                which films made the weights, by `index`: `known_index`
    weights/*.engines.json            what bfloat16 changes of their answers: `engines.proof`
    weights/.graphs/                  not shipped: the networks as graphs: `engines.graphs`

The card holds the SHA-256 of the tensor file and of itself, and no network is given out where
either does not match. Pickle is never read. Cards are read here, the tensors in `network_files`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import safetensors.numpy

from covid_core.errors import WeightsError
from covid_core.findings import APPEARANCES, CLASSES, Finding
from covid_core.model.architectures import DENSENET121, TITLES
from covid_core.model.decision import BALANCED, Rules
from covid_core.model.head import Head
from covid_core.model.tasks import TASKS
from covid_core.model.tensors import (
    RETRAIN,
    as_card,
    checked,
    foreign_tensors,
    is_number,
    read_card_file,
    write_card,
)
from covid_core.prepare.preprocess import Borders, Fit, Preprocess, Tone

WEIGHTS = Path(__file__).parent.parent.parent / "weights"  # those that are shipped
RECIPES = "recipes"  # a folder of it: other recipes
# Variants of a recipe; the latter two are folders of it too, with cards of the studies' recipes.
OURS, AS_PUBLISHED, CORRECTED = "ours", "as-published", "corrected"
_ONCE_MENDED = "mended"  # what `CORRECTED` was called in older cards and folders
LEFT_OUT = "left-out"  # of it: cards, named by the source that their networks never saw
AUDIT = ".audit"  # what `evaluation.audit` found of a recipe
PROOF = ".engines"  # what `engines.proof` holds of its answers
NO_CARDS = (AUDIT, PROOF)  # ends of names of other files beside the weights
SHIPPED = DENSENET121  # the recipe of the weights that the page and the command line use
APPEARANCE = "appearance"  # the linear layer of a network that answers appearances too
FORMAT_VERSION = 1
_MOST_PX = 4096  # of a film's side in a network


@dataclass(frozen=True, slots=True)
class WeightsCard:
    """What stands beside the tensors.

    `recipe`: what trained it, and the files' name. `opacity_map`, `appearance`: whether the network
    has these outputs too. `classes`: what it answers, in the order of its
    outputs. `films`: split, source, class to count. `results`: as `evaluation.evaluate` gives
    them, measured on the tensors as stored. `full_heat`: the evidence of one cell, in logits,
    drawn at full heat. `split`: `datasets.split.fingerprint` of the manifest. `history`: what was
    logged at the end of each epoch. `rules`: how its logits become a call. `trust`: what
    `evaluation.trust` measured of the rules.
    """

    format_version: int
    architecture: str
    classes: tuple[Finding, ...]
    preprocess: Preprocess
    sha256: str
    created: str
    git_commit: str
    torch_version: str
    training: dict[str, str]
    films: dict[str, Any]
    results: dict[str, Any]
    full_heat: float
    recipe: str = SHIPPED
    head_depth: int = 0
    opacity_map: bool = False
    appearance: bool = False
    split: str = ""
    history: Sequence[dict[str, Any]] = ()
    rules: Rules = field(default_factory=lambda: Rules.plain(len(CLASSES)))
    trust: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Model name and version for a person: the architecture, the day, the tensors' hash."""
        return f"{TITLES[self.architecture]}, {self.created[:10]}, {self.sha256[:8]}"

    @property
    def variant(self) -> str:
        """Which variant of its recipe trained it: `OURS`, `AS_PUBLISHED` or `CORRECTED`."""
        name = self.training.get("variant") or self.training.get("form", OURS)  # in older cards
        return CORRECTED if name == _ONCE_MENDED else name


def save_card(card: WeightsCard, folder: Path) -> None:
    """Write the card anew, whole or not at all; the tensors stay. Raises WeightsError."""
    write_card(folder, card.recipe, asdict(card))


def read_card(folder: Path, recipe: str = SHIPPED) -> WeightsCard:
    """The card alone, checked against this code, to use its network. Raises WeightsError."""
    card = read_any_card(folder, recipe)
    if recipe == SHIPPED and card.classes != CLASSES:
        path = folder / f"{recipe}.json"
        raise _misfit(path, "classes", ", ".join(card.classes), ", ".join(CLASSES))
    return card


def read_any_card(folder: Path, recipe: str) -> WeightsCard:
    """The same of a study's network too, which may answer otherwise than ours by the same name."""
    path = folder / f"{recipe}.json"
    if not path.exists():
        raise WeightsError(
            "there is no model here",
            "Train one with: python train.py --data DIR --out weights/",
            file=str(folder),
        )
    return _card(read_card_file(path), path)


def _card(raw: dict[str, Any], path: Path) -> WeightsCard:
    try:
        for what, found, ours in (
            ("format", raw["format_version"], FORMAT_VERSION),
            ("preprocessing", raw["preprocess"]["version"], Preprocess().version),
        ):
            if found != ours:
                raise _misfit(path, what, found, ours)
        raw["preprocess"] = as_card(raw["preprocess"], Preprocess, path)
        raw["classes"] = tuple(map(Finding, raw["classes"]))
        raw["history"] = tuple(raw.get("history", ()))
        fitted = raw.get("rules")
        raw["rules"] = Rules.from_json(fitted) if fitted else Rules.plain(len(raw["classes"]))
    except (KeyError, TypeError, ValueError) as error:
        problem = f"the card lacks or garbles {error}"
        raise WeightsError(problem, RETRAIN, file=str(path)) from error
    known = {field.name for field in fields(WeightsCard)}
    card = as_card({name: raw[name] for name in raw if name in known}, WeightsCard, path)
    _check(card, path)
    return replace(card, rules=_with_sources(card.rules, card.films.get("test")))


def _with_sources(rules: Rules, films: Any) -> Rules:
    """The rules, each operating point told of the sources on whose films it was measured.

    `films`: of the test part, by source.
    """
    if not isinstance(films, dict) or not films:
        return rules
    told = f"new films of {listed_in_words(sorted(films))}"
    return replace(rules, points=tuple(replace(one, measured_on=told) for one in rules.points))


def listed_in_words(names: Sequence[str]) -> str:
    """One or more names inside a sentence: "a, b and c"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _check(card: WeightsCard, path: Path) -> None:
    """That the card's parts go together, and can be computed with."""
    if card.architecture not in TITLES:
        raise _misfit(path, "architecture", card.architecture, ", ".join(TITLES))
    if card.classes not in [task.outputs for task in TASKS.values()]:
        raise _misfit(path, "classes", ", ".join(card.classes), "those of a recipe, in its order")
    sound = {
        "preprocess": _is_sound(card.preprocess),
        "rules": _are_sound(card.rules, len(card.classes)),
        "full_heat": card.full_heat > 0,
        "recipe": card.recipe == Path(card.recipe).name,
    }
    for what, is_so in sound.items():
        if not is_so:
            problem = f"the card's {what} can't be worked with"
            raise WeightsError(problem, RETRAIN, file=str(path))


def _is_sound(preprocess: Preprocess) -> bool:
    return (
        0 < preprocess.size_px <= _MOST_PX
        and preprocess.fit in get_args(Fit)
        and preprocess.tone in get_args(Tone)
        and preprocess.borders in get_args(Borders)
        and 0 <= preprocess.smooth_px < preprocess.size_px
        and 0 <= preprocess.low_percentile < preprocess.high_percentile <= 100
        and preprocess.std > 0
    )


def _are_sound(rules: Rules, answers: int) -> bool:
    """Whether each part is for so many answers, all of it numbers, and shares from 0 to 1."""
    shares = [*rules.least, *(point.threshold for point in rules.points), rules.coverage or 0.0]
    matrix = [number for row in rules.weights for number in row]
    return (
        [len(row) for row in rules.weights] == [answers] * answers
        and len(rules.bias) == len(rules.least) == answers
        and BALANCED in rules.point_names
        and all(map(is_number, [*matrix, *rules.bias, *shares]))
        and min(shares) >= 0
        and max(shares) <= 1
    )


def head_tensors(folder: Path, name: str, card: WeightsCard) -> dict[str, np.ndarray]:
    """The tensors of a network's heads by name, for `head.Head`; the file is checked whole.

    Those of the classes' head, and of the appearances' where the card says that there is one.

    Raises WeightsError where it is missing, damaged, or holds no head of this project.
    """
    path = folder / f"{name}.safetensors"
    try:
        tensors = safetensors.numpy.load(checked(path, card.sha256))
        heads = ("head.", f"{APPEARANCE}.") if card.appearance else ("head.",)
        head = {name: tensor for name, tensor in tensors.items() if name.startswith(heads)}
        fits = len(Head.of(head).bias) == len(card.classes)
        if card.appearance:
            fits &= len(Head.of_layers(head, APPEARANCE).bias) == len(APPEARANCES)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise foreign_tensors(path, TITLES[card.architecture]) from error
    if not fits:
        raise foreign_tensors(path, TITLES[card.architecture])
    return head


def save_audit(folder: Path, recipe: str, figures: dict[str, Any]) -> None:
    """What an audit found, beside the weights. Raises WeightsError."""
    write_card(folder, recipe + AUDIT, figures)


def read_audit(folder: Path, card: WeightsCard) -> dict[str, Any] | None:
    """What an audit found of these very weights; None where there was none."""
    try:
        figures = read_card_file(folder / f"{card.recipe}{AUDIT}.json")
    except WeightsError:
        return None
    return figures if figures.get("sha256") == card.sha256 else None


def read_cards(folder: Path) -> dict[str, WeightsCard]:
    """The cards in a folder, by the files' name, to tell what they say: their tensors are not
    needed, and a study's network may answer otherwise than ours.

    Raises WeightsError.
    """
    names = [path.stem for path in sorted(folder.glob("*.json"))]
    return {name: read_any_card(folder, name) for name in names if not name.endswith(NO_CARDS)}


def read_variants(folder: Path) -> dict[str, dict[str, WeightsCard]]:
    """The cards of the studies' recipes in a weights folder: by recipe, then by variant.

    Raises WeightsError.
    """
    variants: dict[str, dict[str, WeightsCard]] = {}
    for name in (AS_PUBLISHED, _ONCE_MENDED, CORRECTED):
        for recipe, card in read_cards(folder / name).items():
            variants.setdefault(recipe, {})[card.variant] = card
    return variants


def _misfit(path: Path, what: str, found: object, expected: object) -> WeightsError:
    return WeightsError(
        f"{what} {found} does not fit this code, which works with {expected}",
        "Use the release that the weights were made with, or train them anew",
        file=str(path),
    )

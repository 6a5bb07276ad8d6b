"""What lies in weights/: tensors in safetensors, each with a card that says what they are.

    weights/densenet121.safetensors   convolutions and head in float16, the rest in float32
    weights/densenet121.json          the card: classes, preprocessing, data, results, sha256
    weights/recipes/                  the other recipes' cards, and the tensors of the small ones
    weights/as-published/             cards of every recipe trained on its study's leaky split
    weights/left-out/                 cards of networks each trained without one source
    weights/lungs/, weights/gate/     two more networks, by `lungs` and `gate`
    weights/*.engines.json            what bfloat16 changes of their answers: `engines.proof`
    weights/.graphs/                  not shipped: the networks as graphs: `engines.graphs`

safetensors does not notice a flipped byte, so the card holds the SHA-256 of the tensor file, and no
network is given out that does not match it. Pickle is never read. Cards are read here, the tensors
in `network_files`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from covid_core.architectures import DENSENET121, TITLES
from covid_core.decision import Rules
from covid_core.engines.proof import BESIDE
from covid_core.errors import WeightsError
from covid_core.findings import CLASSES, Finding
from covid_core.preprocess import Preprocess
from covid_core.tensor_files import RETRAIN, checked, write_card

WEIGHTS = Path(__file__).parent.parent / "weights"  # those that are shipped
RECIPES, AS_PUBLISHED = "recipes", "as-published"  # folders of it: other recipes, leaky splits
LEFT_OUT = "left-out"  # of it: cards, named by the source that their networks never saw
AUDIT = ".audit"  # what `evaluation.audit` found of a recipe
NO_CARDS = (AUDIT, BESIDE)  # ends of names of other files beside the weights
SHIPPED = DENSENET121  # the recipe of the weights that the page and the command line use
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class WeightsCard:
    """What stands beside the tensors.

    `recipe`: what trained it, and the files' name. `classes`: what it answers, in the order of its
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
    split: str = ""
    history: Sequence[dict[str, Any]] = ()
    rules: Rules = field(default_factory=lambda: Rules.plain(len(CLASSES)))
    trust: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Model name and version for a person: the architecture, the day, the tensors' hash."""
        return f"{TITLES[self.architecture]}, {self.created[:10]}, {self.sha256[:8]}"


def save_card(card: WeightsCard, folder: Path) -> None:
    """Write the card anew, whole or not at all; the tensors stay. Raises WeightsError."""
    write_card(folder, card.recipe, without_nan(asdict(card)))


def read_card(folder: Path, recipe: str = SHIPPED) -> WeightsCard:
    """The card alone, checked against this code. Raises WeightsError."""
    path = folder / f"{recipe}.json"
    try:
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise WeightsError(
            "there is no model here",
            "Train one with: python train.py --data DIR --out weights/",
            file=str(folder),
        ) from error
    except ValueError as error:
        raise WeightsError("the card is no JSON", RETRAIN, file=str(path)) from error
    try:
        version = raw["format_version"]
        if version != FORMAT_VERSION:
            raise _misfit(path, "format", version, FORMAT_VERSION)
        raw["classes"] = tuple(map(Finding, raw["classes"]))
        raw["history"] = tuple(raw.get("history", ()))
        raw["preprocess"] = Preprocess(**raw["preprocess"])
        fitted = raw.get("rules")
        raw["rules"] = Rules.from_json(fitted) if fitted else Rules.plain(len(raw["classes"]))
        known = {field.name for field in fields(WeightsCard)}
        card = WeightsCard(**{name: value for name, value in raw.items() if name in known})
    except (KeyError, TypeError, ValueError) as error:
        problem = f"the card lacks or garbles {error}"
        raise WeightsError(problem, RETRAIN, file=str(path)) from error
    if card.architecture not in TITLES:
        raise _misfit(path, "architecture", card.architecture, ", ".join(TITLES))
    if recipe == SHIPPED and card.classes != CLASSES:
        raise _misfit(path, "classes", ", ".join(card.classes), ", ".join(CLASSES))
    if {len(card.rules.bias), len(card.rules.least)} != {len(card.classes)}:
        raise _misfit(path, "rules", f"for {len(card.rules.bias)} answers", len(card.classes))
    if card.preprocess.version != Preprocess().version:
        raise _misfit(path, "preprocessing", card.preprocess.version, Preprocess().version)
    return card


def head_tensors(folder: Path, name: str, card: WeightsCard) -> dict[str, np.ndarray]:
    """The tensors of a network's head by name, for `head.Head`; the file is checked whole.

    Raises WeightsError where it is missing, damaged, or holds no head of this project.
    """
    path = folder / f"{name}.safetensors"
    try:
        tensors = safetensors.numpy.load(checked(path, card.sha256))
        head = {name: tensor for name, tensor in tensors.items() if name.startswith("head.")}
        fits = head["head.linear.weight"].shape[0] == len(head["head.linear.bias"])
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise foreign_tensors(path, card) from error
    if not fits or len(head["head.linear.bias"]) != len(card.classes):
        raise foreign_tensors(path, card)
    return head


def foreign_tensors(path: Path, card: WeightsCard) -> WeightsError:
    """What is said of tensors that are not those of the card's architecture."""
    return WeightsError(
        f"the tensors are not those of this project's {card.architecture}", RETRAIN, file=str(path)
    )


def save_audit(folder: Path, recipe: str, figures: dict[str, Any]) -> None:
    """What an audit found, beside the weights. Raises WeightsError."""
    write_card(folder, recipe + AUDIT, without_nan(figures))


def read_audit(folder: Path, card: WeightsCard) -> dict[str, Any] | None:
    """What an audit found of these very weights; None where there was none."""
    try:
        figures: dict[str, Any] = json.loads((folder / f"{card.recipe}{AUDIT}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return figures if figures.get("sha256") == card.sha256 else None


def read_cards(folder: Path) -> dict[str, WeightsCard]:
    """The cards in a folder, by the files' name; their tensors are not needed. Raises
    WeightsError."""
    names = [path.stem for path in sorted(folder.glob("*.json"))]
    return {name: read_card(folder, name) for name in names if not name.endswith(NO_CARDS)}


def without_nan(value: Any) -> Any:
    """What JSON can hold: None for NaN, at any depth."""
    if isinstance(value, dict):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _misfit(path: Path, what: str, found: object, expected: object) -> WeightsError:
    return WeightsError(
        f"{what} {found} does not fit this code, which works with {expected}",
        "Use the release that the weights were made with, or train them anew",
        file=str(path),
    )

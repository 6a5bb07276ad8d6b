"""The only code that touches weights/: tensors in safetensors, and a card that says what they are.

    weights/densenet121.safetensors   convolutions and head in float16, the rest in float32
    weights/densenet121.json          the card: classes, preprocessing, data, results, sha256
    weights/recipes/                  the other recipes' cards, and the tensors of the small ones
    weights/as-published/             cards of every recipe trained on its study's leaky split
    weights/left-out/                 cards of networks each trained without one source
    weights/lungs/, weights/gate/     two more networks, by `lungs` and `gate`

safetensors does not notice a flipped byte, so the card holds the SHA-256 of the tensor file, and no
network is given out that does not match it. Pickle is never read here.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from covid_core.decision import Rules
from covid_core.errors import WeightsError
from covid_core.findings import CLASSES, Finding
from covid_core.networks import ARCHITECTURES, Network
from covid_core.preprocess import Preprocess
from covid_core.tensor_files import RETRAIN, checked, identity, write_card, write_files

WEIGHTS = Path(__file__).parent.parent / "weights"  # those that are shipped
RECIPES, AS_PUBLISHED = "recipes", "as-published"  # folders of it: other recipes, leaky splits
LEFT_OUT = "left-out"  # of it: cards, named by the source that their networks never saw
AUDIT = ".audit"  # what `evaluation.audit` found of a recipe
SHIPPED = "densenet121"  # the recipe of the weights that the page and the command line use
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
        title = ARCHITECTURES[self.architecture].title
        return f"{title}, {self.created[:10]}, {self.sha256[:8]}"


def as_stored(network: Network) -> Network:
    """A copy of the network whose tensors went through the file's precision and back to float32."""
    stored = copy.deepcopy(network)
    stored.load_state_dict({name: t.float() for name, t in _storable(network).items()})
    return stored.eval()


def save_weights(
    network: Network,
    folder: Path,
    *,
    preprocess: Preprocess,
    training: dict[str, str],
    films: dict[str, Any],
    results: dict[str, Any],
    full_heat: float,
    recipe: str = SHIPPED,
    classes: Sequence[Finding] = CLASSES,
    split: str = "",
    history: Sequence[dict[str, Any]] = (),
    rules: Rules | None = None,
    trust: dict[str, Any] | None = None,
) -> WeightsCard:
    """Write tensors and card, both whole or neither. Raises WeightsError."""
    tensors = safetensors.torch.save(_storable(network))
    card = WeightsCard(
        format_version=FORMAT_VERSION,
        architecture=network.architecture,
        classes=tuple(classes),
        preprocess=preprocess,
        **identity(tensors),
        torch_version=torch.__version__,
        training=training,
        films=films,
        results=results,
        full_heat=full_heat,
        recipe=recipe,
        head_depth=network.head.depth,
        split=split,
        history=tuple(history),
        rules=rules or Rules.plain(len(classes)),
        trust=trust or {},
    )
    write_files(folder, recipe, tensors, _without_nan(asdict(card)))
    return card


def save_card(card: WeightsCard, folder: Path) -> None:
    """Write the card anew, whole or not at all; the tensors stay. Raises WeightsError."""
    write_card(folder, card.recipe, _without_nan(asdict(card)))


def load_weights(folder: Path, recipe: str = SHIPPED) -> tuple[Network, WeightsCard]:
    """The network that a recipe made, in evaluation mode with frozen parameters, and its card.

    Raises WeightsError where a file is missing, damaged, or not made for this code.
    """
    card = read_card(folder, recipe)
    path = folder / f"{recipe}.safetensors"
    data = checked(path, card.sha256)
    network = Network(card.architecture, len(card.classes), card.head_depth)
    try:
        tensors = {name: tensor.float() for name, tensor in safetensors.torch.load(data).items()}
        network.load_state_dict(tensors)
    except Exception as error:  # safetensors and torch each have their own; all mean the same here
        raise WeightsError(
            f"the tensors are not those of this project's {card.architecture}",
            RETRAIN,
            file=str(path),
        ) from error
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise WeightsError("the tensors hold NaN or infinity", RETRAIN, file=str(path))
    return network.eval().requires_grad_(False), card


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
    if card.architecture not in ARCHITECTURES:
        raise _misfit(path, "architecture", card.architecture, ", ".join(ARCHITECTURES))
    if recipe == SHIPPED and card.classes != CLASSES:
        raise _misfit(path, "classes", ", ".join(card.classes), ", ".join(CLASSES))
    if {len(card.rules.bias), len(card.rules.least)} != {len(card.classes)}:
        raise _misfit(path, "rules", f"for {len(card.rules.bias)} answers", len(card.classes))
    if card.preprocess.version != Preprocess().version:
        raise _misfit(path, "preprocessing", card.preprocess.version, Preprocess().version)
    return card


def save_audit(folder: Path, recipe: str, figures: dict[str, Any]) -> None:
    """What an audit found, beside the weights. Raises WeightsError."""
    write_card(folder, recipe + AUDIT, _without_nan(figures))


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
    return {name: read_card(folder, name) for name in names if not name.endswith(AUDIT)}


def _without_nan(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {name: _without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _misfit(path: Path, what: str, found: object, expected: object) -> WeightsError:
    return WeightsError(
        f"{what} {found} does not fit this code, which works with {expected}",
        "Use the release that the weights were made with, or train them anew",
        file=str(path),
    )


def _storable(network: Network) -> dict[str, torch.Tensor]:
    # Normalisation statistics and the first layer stay float32: they weigh next to nothing, and
    # rounding the first layer alone did nine tenths of what rounding changed.
    first = f"features.{ARCHITECTURES[network.architecture].first}.weight"
    return {
        name: (tensor.half() if tensor.ndim >= 2 and name != first else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }

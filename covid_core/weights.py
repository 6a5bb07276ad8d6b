"""The only code that touches weights/: tensors in safetensors, and a card that says what they are.

    weights/densenet121.safetensors   convolutions and head in float16, the rest in float32
    weights/densenet121.json          the card: classes, preprocessing, data, results, sha256
    weights/recipes/                  the other recipes' cards, and the tensors of the small ones
    weights/as-published/             cards of every recipe trained on its study's leaky split

safetensors does not notice a flipped byte, so the card holds the SHA-256 of the tensor file, and no
network is given out that does not match it. Pickle is never read here.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from covid_core.errors import WeightsError
from covid_core.findings import CLASSES, Finding
from covid_core.networks import ARCHITECTURES, Network
from covid_core.preprocess import Preprocess

WEIGHTS = Path(__file__).parent.parent / "weights"  # those that are shipped
RECIPES, AS_PUBLISHED = "recipes", "as-published"  # folders of it: other recipes, leaky splits
SHIPPED = "densenet121"  # the recipe of the weights that the page and the command line use
FORMAT_VERSION = 1
_RETRAIN = "Fetch the project's weights again, or make them with train.py"


@dataclass(frozen=True, slots=True)
class WeightsCard:
    """What stands beside the tensors.

    `recipe`: what trained it, and the files' name. `classes`: what it answers, in the order of its
    outputs. `films`: split, source, class to count. `results`: as `evaluation.evaluate` gives
    them, measured on the tensors as stored. `full_heat`: the evidence of one cell, in logits,
    drawn at full heat. `split`: `datasets.split.fingerprint` of the manifest. `history`: what was
    logged at the end of each epoch.
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
) -> WeightsCard:
    """Write tensors and card, both whole or neither. Raises WeightsError."""
    tensors = safetensors.torch.save(_storable(network))
    card = WeightsCard(
        format_version=FORMAT_VERSION,
        architecture=network.architecture,
        classes=tuple(classes),
        preprocess=preprocess,
        sha256=hashlib.sha256(tensors).hexdigest(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        git_commit=_git_commit(),
        torch_version=torch.__version__,
        training=training,
        films=films,
        results=results,
        full_heat=full_heat,
        recipe=recipe,
        head_depth=network.head.depth,
        split=split,
        history=tuple(history),
    )
    text = json.dumps(asdict(card), indent=1).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole({folder / f"{recipe}.safetensors": tensors, folder / f"{recipe}.json": text})
    except OSError as error:
        raise WeightsError(
            f"the weights can't be written ({error.strerror})",
            "Free some disk space or give another --out",
            file=str(folder),
        ) from error
    return card


def load_weights(folder: Path, recipe: str = SHIPPED) -> tuple[Network, WeightsCard]:
    """The network that a recipe made, in evaluation mode with frozen parameters, and its card.

    Raises WeightsError where a file is missing, damaged, or not made for this code.
    """
    card = read_card(folder, recipe)
    path = folder / f"{recipe}.safetensors"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError("the weights are not there", _RETRAIN, file=str(path)) from error
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise WeightsError(
            "the file is damaged, or another than its card describes", _RETRAIN, file=str(path)
        )
    network = Network(card.architecture, len(card.classes), card.head_depth)
    try:
        tensors = {name: tensor.float() for name, tensor in safetensors.torch.load(data).items()}
        network.load_state_dict(tensors)
    except Exception as error:  # safetensors and torch each have their own; all mean the same here
        raise WeightsError(
            f"the tensors are not those of this project's {card.architecture}",
            _RETRAIN,
            file=str(path),
        ) from error
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise WeightsError("the tensors hold NaN or infinity", _RETRAIN, file=str(path))
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
        raise WeightsError("the card is no JSON", _RETRAIN, file=str(path)) from error
    try:
        version = raw["format_version"]
        if version != FORMAT_VERSION:
            raise _misfit(path, "format", version, FORMAT_VERSION)
        raw["classes"] = tuple(map(Finding, raw["classes"]))
        raw["history"] = tuple(raw.get("history", ()))
        raw["preprocess"] = Preprocess(**raw["preprocess"])
        known = {field.name for field in fields(WeightsCard)}
        card = WeightsCard(**{name: value for name, value in raw.items() if name in known})
    except (KeyError, TypeError, ValueError) as error:
        problem = f"the card lacks or garbles {error}"
        raise WeightsError(problem, _RETRAIN, file=str(path)) from error
    if card.architecture not in ARCHITECTURES:
        raise _misfit(path, "architecture", card.architecture, ", ".join(ARCHITECTURES))
    if recipe == SHIPPED and card.classes != CLASSES:
        raise _misfit(path, "classes", ", ".join(card.classes), ", ".join(CLASSES))
    if card.preprocess.version != Preprocess().version:
        raise _misfit(path, "preprocessing", card.preprocess.version, Preprocess().version)
    return card


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


def _write_whole(files: dict[Path, bytes]) -> None:
    # All are on the disk before any takes its name: a full disk leaves the old files a pair.
    partials = {path: path.with_name(path.name + ".partial") for path in files}
    try:
        for path, data in files.items():
            with partials[path].open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for path, partial in partials.items():
            partial.replace(path)
    except OSError:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
        raise


def _git_commit() -> str:
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()

"""Training of the network that outlines the lungs, on films with outlines drawn by people.

The films are in `images/` and the outlines in `lung_masks/`, under the same names, as Cohen's
collection and V7's outlines come. No patient both trains and tests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from sklearn.model_selection import GroupShuffleSplit
from torch.nn import functional as F
from tqdm import tqdm

from covid_core.datasets.duplicates import group, same_key
from covid_core.datasets.layouts import read_cases
from covid_core.errors import DatasetError, WeightsError
from covid_core.metrics import Estimate, mean
from covid_core.model.lungs_network import LungNetwork
from covid_core.model.network_files import write_network
from covid_core.model.tensors import RETRAIN
from covid_core.predict.lungs import NAME, PREPROCESS, LungsCard, dice
from covid_core.read.reading import read_file
from covid_core.training.augment import Augmentation, augment_with_masks
from covid_core.training.half_precision import half_precision

_BATCH, _RATE = 16, 3e-3
_TESTED = 0.25  # of the patients
_AUGMENTATION = Augmentation(rotation_degrees=15, scale=(0.8, 1.25), shift=0.1)


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """Films and their lungs: `pictures`, `masks` uint8 (N, 128, 128), lung 255; `patients` int."""

    pictures: np.ndarray
    masks: np.ndarray
    patients: np.ndarray


def read_outlined(folder: Path) -> Outlined:
    """The films of a dataset that have an outline. Raises DatasetError where too few have one."""
    outlines = {path.stem: path for path in (folder / "lung_masks").glob("*.png")}
    cases = [case for case in read_cases([folder]).cases if case.path.stem in outlines]
    if len(cases) < 8:
        raise DatasetError(
            f"only {len(cases)} radiographs with outlines are in it",
            "Give a folder with metadata.csv, images/ and lung_masks/*.png of the same names",
            file=str(folder),
        )
    size = (PREPROCESS.size_px, PREPROCESS.size_px)
    films = [PREPROCESS.picture(read_file(case.path)) for case in tqdm(cases, "films")]
    masks = []
    for case in cases:
        with Image.open(outlines[case.path.stem]) as mask:
            small = mask.convert("L").resize(size, Image.Resampling.BOX)
        masks.append(np.where(np.asarray(small) > 127, 255, 0).astype(np.uint8))
    named = np.array([case.patient for case in cases], object)
    return Outlined(np.stack(films), np.stack(masks), group(len(cases), same_key(named)))


def train_lungs(outlined: Outlined, *, epochs: int, seed: int) -> tuple[LungNetwork, Estimate, int]:
    """The network, its Dice overlap on patients left out, and how many films trained it."""
    torch.manual_seed(seed)
    folds = GroupShuffleSplit(1, test_size=_TESTED, random_state=seed)
    [(train, test)] = folds.split(outlined.pictures, groups=outlined.patients)
    network = LungNetwork().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=1e-3)
    steps = epochs * len(train) // _BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    pictures, masks = map(torch.from_numpy, (outlined.pictures, outlined.masks))
    progress = tqdm(range(steps), "lungs", unit="step")
    for step in progress:
        chosen = np.random.default_rng((seed, step)).choice(train, _BATCH)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        films, truth = augment_with_masks(
            pictures[chosen], masks[chosen], pictures.shape[-1], _AUGMENTATION, generator
        )
        network.train()
        x = PREPROCESS.normalise(films).contiguous(memory_format=torch.channels_last)
        with half_precision(x.device):
            logits = network(x)
        loss = _loss(logits.float(), truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        progress.set_postfix(loss=f"{loss.item():.3f}")
    return network, _overlap(network, outlined, test), len(train)


def make_lungs(folder: Path, out: Path, *, epochs: int, seed: int) -> LungsCard:
    """The card of a network trained, measured and saved. Raises DatasetError, WeightsError."""
    outlined = read_outlined(folder)
    network, overlap, trained = train_lungs(outlined, epochs=epochs, seed=seed)
    return save_lungs(
        network,
        out,
        dice=asdict(overlap),
        films={"train": trained, "test": len(outlined.pictures) - trained},
        training={"epochs": str(epochs), "seed": str(seed)},
    )


def save_lungs(network: LungNetwork, folder: Path, **card: Any) -> LungsCard:
    """The card, written beside the tensors. Raises WeightsError.

    `card`: the fields of LungsCard that don't follow from the tensors.
    """
    raw = write_network(network, folder, NAME, **card)
    return LungsCard.parse(raw, folder / f"{NAME}.json", error=WeightsError, remedy=RETRAIN)


def _loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Cross-entropy plus 1 minus the Dice overlap (Milletari et al. 2016)."""
    lungs = logits.sigmoid()
    overlap = 2 * (lungs * truth).sum() / (lungs.sum() + truth.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, truth) + 1 - overlap


def _overlap(network: LungNetwork, outlined: Outlined, test: np.ndarray) -> Estimate:
    """The mean Dice overlap with the outlines of the films at `test`."""
    with torch.inference_mode():
        (masks,) = network.eval().probabilities(PREPROCESS.tensor(outlined.pictures[test]))
    overlaps = dice(outlined.masks[test] > 127, masks.numpy() > 0.5)
    return mean(overlaps, outlined.patients[test])

"""Films to be tampered with, where their lungs are, and the one way to ask a network about them.

They are small, with the tone that they are stored in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from tqdm import tqdm

from covid_core.datasets.split import Split, groups_of
from covid_core.findings import CLASSES
from covid_core.model.card import WeightsCard
from covid_core.model.networks import Network
from covid_core.predict.lungs import Lungs
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.reading import read_file

SIDE_PX = 224  # of the shorter side: the size that MedMNIST-C's strengths are published for
_BATCH = 32

Reader = Callable[[Sequence[np.ndarray]], np.ndarray]
"""Films, uint8 (h, w) each, to calibrated probabilities, float64 (N, outputs)."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Films to be altered, with one entry a film in each field.

    Their order is random but for the classes, which take turns. `films`: uint8 (h, w), air dark.
    `masks`: where the lungs are, bool (N, 128, 128) over the whole film. `labels`: int64, index
    into CLASSES. `groups`: int, films of one patient or of one picture. `sources`: text.
    """

    films: tuple[np.ndarray, ...]
    masks: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    sources: np.ndarray

    def some(self, count: int) -> Sample:
        """At most `count` of the films, the classes drawn alternately."""
        chosen = _in_turn(self.labels)[:count]
        rest = (self.masks, self.labels, self.groups, self.sources)
        return Sample(tuple(self.films[i] for i in chosen), *(one[chosen] for one in rest))


def draw_sample(
    table: pd.DataFrame, split: Split, lungs: Lungs, *, count: int, seed: int, workers: int
) -> Sample:
    """At most `count` films of one part of a manifest, each class alike as far as it has films."""
    chosen = _evenly(table, split, count, seed)
    groups = groups_of(table)[chosen]
    rows = table.iloc[chosen]
    with ThreadPoolExecutor(workers) as pool:
        reading = pool.map(_film, map(Path, rows["path"]))
        films = tuple(tqdm(reading, "radiographs", total=len(rows), unit="radiograph"))
    masks = np.stack([lungs.inside(film.astype(np.float32) / 255) for film in films])
    labels = np.array([CLASSES.index(label) for label in rows["label"]], np.int64)
    return Sample(films, masks, labels, groups, rows["source"].to_numpy(str))


def reader(network: Network, card: WeightsCard, device: torch.device) -> Reader:
    """A function from films to calibrated probabilities, prepared as the network's card says."""
    read_pictures = picture_reader(network, card, device)

    def read(films: Sequence[np.ndarray]) -> np.ndarray:
        return read_pictures([prepare(film, card.preprocess) for film in films])

    return read


def picture_reader(network: Network, card: WeightsCard, device: torch.device) -> Reader:
    """A function from prepared pictures, uint8 (S, S) each, to calibrated probabilities."""
    network = network.eval().to(device)

    def read(pictures: Sequence[np.ndarray]) -> np.ndarray:
        scored = []
        for start in range(0, len(pictures), _BATCH):
            batch = np.stack(pictures[start : start + _BATCH])
            with torch.inference_mode():
                logits = network(card.preprocess.tensor(batch).to(device)).double().cpu()
            scored.append(card.rules.probabilities(logits.numpy()))
        return np.concatenate(scored)

    return read


def prepare(film: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    """A film, uint8 (h, w), as the picture that the network is given, uint8 (S, S)."""
    return preprocess.picture(film.astype(np.float32) / 255)


def _evenly(table: pd.DataFrame, split: Split, count: int, seed: int) -> np.ndarray:
    """Labelled rows of a split in random order, the classes in turn."""
    own = ((table["split"] == split.value) & (table["label"] != "")).to_numpy()
    rows = np.random.default_rng(seed).permutation(np.nonzero(own)[0])
    chosen: np.ndarray = rows[_in_turn(table["label"].to_numpy()[rows])][:count]
    return chosen


def _in_turn(labels: np.ndarray) -> np.ndarray:
    """Indices of films: first the first of each class, then the second of each, and so on."""
    return np.argsort(pd.Series(labels).groupby(labels).cumcount().to_numpy(), kind="stable")


def _film(path: Path) -> np.ndarray:
    film = Image.fromarray(np.rint(read_file(path).pixels * 255).astype(np.uint8))
    scale = SIDE_PX / min(film.size)
    size = (round(film.width * scale), round(film.height * scale))
    return np.asarray(film.resize(size, Image.Resampling.BILINEAR))

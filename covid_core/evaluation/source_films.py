"""Films of sources that hold both kinds, decoded, and what a network makes of them.

Only films that the network never learnt from: the test side of a manifest's split, and sources held
out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from covid_core.crop import Crop
from covid_core.datasets.cache import cached_crops, every_picture
from covid_core.datasets.manifest import film_paths
from covid_core.datasets.readings import CLEAR, LUNG_OPACITY, OTHER_ABNORMALITY
from covid_core.datasets.sides import read_by_radiologists
from covid_core.datasets.split import Split, groups_of
from covid_core.engines.memory import in_batches
from covid_core.findings import APPEARANCES, Finding
from covid_core.model.card import WeightsCard
from covid_core.model.head import Head
from covid_core.model.networks import Network
from covid_core.model.results import NEW_FILMS, UNSEEN
from covid_core.model.saliency import Saliency

POPULATION_OF = {Split.TEST.value: NEW_FILMS, Split.HELD_OUT.value: UNSEEN}
BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class SourceFilms:
    """Films to measure, an entry each.

    `table`: their rows of the manifest. `pictures`: the network's input, uint8 (N, S, S). `groups`:
    int (N,), the same for films of one patient. `crops`: the part of each film that its picture
    shows.
    """

    table: pd.DataFrame
    pictures: np.ndarray
    groups: np.ndarray
    crops: tuple[Crop, ...]


def load_source_films(
    table: pd.DataFrame, card: WeightsCard, cache: Path, *, workers: int
) -> SourceFilms:
    """The films of a manifest that `select_films` chooses, decoded.

    Raises DatasetError where some are not there or can't be read any more.
    """
    own = select_films(table)
    rows = table[own].reset_index(drop=True)
    paths = film_paths(rows)
    pictures = every_picture(paths, card.preprocess, cache, workers=workers)
    crops = cached_crops(paths, card.preprocess, cache, workers=workers)
    return SourceFilms(rows, pictures, groups_of(table)[own], crops)


def select_films(table: pd.DataFrame) -> np.ndarray:
    """Which rows of a manifest are films to measure, bool (rows,).

    On the test side or held out, and read by radiologists for their appearance, for opacities
    beside other abnormalities, or for boxes.
    """
    kinds = np.isin(table["finding"].to_numpy(str), (LUNG_OPACITY, OTHER_ABNORMALITY, CLEAR))
    sources = table["source"].to_numpy(str)
    of_both = np.isin(sources, sources[table["finding"].to_numpy(str) == OTHER_ABNORMALITY])
    return table["split"].isin(list(POPULATION_OF)).to_numpy() & (
        read_by_radiologists(table) | kinds & of_both
    )


def populations_of(table: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    """Source, population, and which of the rows are theirs, bool (rows,)."""
    sources, splits = table["source"].to_numpy(str), table["split"].to_numpy(str)
    for source in sorted(set(sources)):
        for split, population in POPULATION_OF.items():
            own = (sources == source) & (splits == split)
            if own.any():
                yield str(source), population, own


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a network makes of N pictures in one pass.

    `logits`: of the classes, float64 (N, outputs); `appearances`: of the four appearances, float64
    (N, 4), None where the network has no such output; `cells`: float32 (N, maps, h, w), the
    evidence for each finding that was given, in logits, and last, where the network has an opacity
    map, the probability of an opacity.
    """

    logits: np.ndarray
    appearances: np.ndarray | None
    cells: np.ndarray


def answer_pictures(
    network: Network,
    card: WeightsCard,
    pictures: np.ndarray,
    findings: Sequence[Finding],
    *,
    device: torch.device,
) -> Answers:
    """The answers to pictures, uint8 (N, S, S), one at least, with the maps of `findings`."""
    tensors = network.head.state_dict()
    named = {f"head.{name}": tensor.cpu().numpy() for name, tensor in tensors.items()}
    head = Head.of(named, network.head.plan)
    outputs = [card.classes.index(finding) for finding in findings]
    network.eval()

    shape: list[int] = []  # of a film's maps

    @torch.inference_mode()
    def read(chosen: np.ndarray, there: torch.device) -> torch.Tensor:
        network.to(there)
        features, opacity = network.maps(card.preprocess.tensor(pictures[chosen]).to(there))
        maps = features.cpu().numpy()
        evidence = np.stack([[head.evidence(one, output) for output in outputs] for one in maps])
        cells = torch.from_numpy(evidence)
        if opacity is not None:
            cells = torch.cat([cells, opacity.sigmoid().cpu()], dim=1)
        shape[:] = cells.shape[1:]
        answers = [network.head(features)]
        if network.appearance is not None:
            answers.append(network.appearance(features.mean(dim=(2, 3))))
        return torch.cat([*(one.double().cpu() for one in answers), cells.flatten(1)], dim=1)

    found = torch.cat(in_batches(read, np.arange(len(pictures)), device, BATCH)).numpy()
    network.to(device)
    classes = len(card.classes)
    more = len(APPEARANCES) if network.appearance is not None else 0
    logits, appearances, cells = np.split(found, [classes, classes + more], axis=1)
    return Answers(
        logits, appearances if more else None, cells.reshape(-1, *shape).astype(np.float32)
    )


def lay_over_films(
    card: WeightsCard, rows: pd.DataFrame, crops: Sequence[Crop], cells: np.ndarray
) -> Sequence[Saliency]:
    """Maps of films, (N, h, w), each placed over its film, to be placed and compared, not named."""
    preprocess, found = card.preprocess, []
    for height, width, crop, own in zip(rows["height"], rows["width"], crops, cells, strict=True):
        placement = preprocess.placement(*crop.shape(int(height), int(width)))
        found.append(
            Saliency(
                card.classes[-1], own, 0.0, placement, preprocess.size_px, card.full_heat, crop=crop
            )
        )
    return found

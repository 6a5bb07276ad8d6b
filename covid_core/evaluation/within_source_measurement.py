"""A network's figures within sources that hold films of both kinds, from a manifest to a card.

`within_source` and `box_agreement` compute the figures; here the films of `source_films` are shown
to the network for them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from covid_core.boxes import parse_boxes
from covid_core.datasets.sides import texts_of
from covid_core.datasets.split import fingerprint
from covid_core.evaluation.box_agreement import (
    Pointing,
    average,
    measure_agreement,
    point_at_boxes,
)
from covid_core.evaluation.faithfulness import randomised
from covid_core.evaluation.source_films import (
    BATCH,
    SourceFilms,
    answer_pictures,
    lay_over_films,
    load_source_films,
    populations_of,
    select_films,
)
from covid_core.evaluation.within_source import (
    FEWEST,
    ScoredSource,
    measure_source,
)
from covid_core.findings import APPEARANCES, CLASSES, Finding
from covid_core.model.card import WeightsCard
from covid_core.model.decision import BALANCED, softmax
from covid_core.model.networks import Network
from covid_core.model.results import (
    OPACITY_MAP,
    BoxFigures,
    MapAgreement,
    Populations,
    WithinSource,
)

MAPS = (Finding.COVID, Finding.PNEUMONIA)  # whose maps are held against boxes of opacities
DRAWS = 3  # of random weights
RANDOM_FILMS = 200  # of each part that they are shown: a figure of chance needs no more


def measure_within_sources(
    network: Network,
    card: WeightsCard,
    films: SourceFilms,
    *,
    device: torch.device,
    seed: int = 0,
) -> Populations:
    """Figures by source, then by population; empty where no source holds films of both kinds.

    `network` answers the three classes, with tensors as stored; where it answers the four
    appearances too, they are measured likewise.
    """
    answers = answer_pictures(network, card, films.pictures, MAPS, device=device)
    known = {one.value: i for i, one in enumerate(APPEARANCES)}
    scored = ScoredSource(
        probabilities=card.rules.probabilities(answers.logits),
        appearances=np.array(
            [known.get(one, -1) for one in texts_of(films.table, "appearance")], int
        ),
        findings=films.table["finding"].to_numpy(str),
        views=films.table["view"].to_numpy(str),
        groups=films.groups,
        threshold=card.rules.point(BALANCED).threshold,
        appearance_scores=None if answers.appearances is None else softmax(answers.appearances),
    )
    found: Populations = {}
    for source, population, own in populations_of(films.table):
        figures = measure_source(_select(scored, own))
        if figures:
            found.setdefault(source, {})[population] = figures
    boxed = measure_boxes(network, card, films, device=device, seed=seed, cells=answers.cells)
    for source, populations in boxed.items():
        for population, maps in populations.items():
            most = max(one.films for one in maps.values())
            figures = found.get(source, {}).get(population) or WithinSource(films=most)
            found.setdefault(source, {})[population] = figures.replace(maps=maps)
    return found


def measure_boxes(
    network: Network,
    card: WeightsCard,
    films: SourceFilms,
    *,
    device: torch.device,
    seed: int = 0,
    cells: np.ndarray | None = None,
) -> BoxFigures:
    """The maps of MAPS, and the opacity map of a network with one, against boxes.

    A class's map is measured on films of that class, the opacity map on all; where FEWEST films of
    a population at least have a box.

    Random weights are drawn DRAWS times, their figures averaged film by film, of RANDOM_FILMS films
    of each part at most. `cells`: the maps of all the films, where they are known.
    """
    boxes = [parse_boxes(text) for text in texts_of(films.table, "boxes")]
    chosen = np.array([i for i, own in enumerate(boxes) if own], np.intp)
    rows = films.table.iloc[chosen]
    parts = [part for part in populations_of(rows) if part[2].sum() >= FEWEST]
    if not parts:
        return {}
    own_boxes, crops = [boxes[i] or () for i in chosen], [films.crops[i] for i in chosen]

    def point(places: np.ndarray, cells: np.ndarray) -> list[Pointing]:
        some = [own_boxes[i] for i in places]
        return [
            point_at_boxes(
                lay_over_films(card, rows.iloc[places], [crops[i] for i in places], cells[:, i]),
                some,
            )
            for i in range(cells.shape[1])
        ]

    if cells is None:
        cells = answer_pictures(network, card, films.pictures, MAPS, device=device).cells
    learnt = point(np.arange(len(chosen)), cells[chosen])
    drawn_for = np.concatenate([_spread(np.nonzero(own)[0], RANDOM_FILMS) for *_, own in parts])
    pictures = films.pictures[chosen[drawn_for]]
    first = card.preprocess.tensor(pictures[:BATCH]).to(device)
    draws = []
    for draw in range(DRAWS):
        other = randomised(network.to(device), first, "everything", seed=seed + draw)
        shown = answer_pictures(other, card, pictures, MAPS, device=device)
        draws.append(point(drawn_for, shown.cells))
    drawn = [_at(average(each), drawn_for, len(chosen)) for each in zip(*draws, strict=True)]
    labels = texts_of(rows, "label")
    due = [*(labels == finding.value for finding in MAPS), np.ones(len(rows), bool)][: len(learnt)]
    names = [*(finding.value for finding in MAPS), OPACITY_MAP][: len(learnt)]
    found: BoxFigures = {}
    for source, population, own in parts:
        maps: dict[str, MapAgreement] = {}
        for name, of_class, *pointings in zip(names, due, learnt, drawn, strict=True):
            some = np.nonzero(own & of_class)[0]
            if len(some) >= FEWEST:
                maps[name] = measure_agreement(
                    [own_boxes[i] for i in some],
                    films.groups[chosen][some],
                    *(Pointing(one.peak[some], one.heat[some]) for one in pointings),
                )
        if maps:
            found.setdefault(source, {})[population] = maps
    return found


def _spread(places: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the places, evenly over all."""
    return places[np.linspace(0, len(places) - 1, min(most, len(places))).astype(int)]


def _at(pointing: Pointing, places: np.ndarray, count: int) -> Pointing:
    """The same of `count` films, not known but at these places."""
    peak, heat = np.full(count, np.nan), np.full(count, np.nan)
    peak[places], heat[places] = pointing.peak, pointing.heat
    return Pointing(peak, heat)


def add_within_sources(
    network: Network,
    card: WeightsCard,
    table: pd.DataFrame,
    cache: Path,
    *,
    workers: int,
    device: torch.device,
) -> WeightsCard:
    """The card with these figures, and the fingerprint of the manifest that they are of.

    The same card where the manifest has no such films, or the network answers other than the three
    classes. `table`: one that keeps the card's training on its side,
    `learnt_from.check_kept_split`.
    """
    if card.classes != CLASSES or not select_films(table).any():
        return card
    films = load_source_films(table, card, cache, workers=workers)
    found = measure_within_sources(network, card, films, device=device)
    results = card.results.replace(within_source=found, within_source_split=fingerprint(table))
    return card.replace(results=results)


def _select(scored: ScoredSource, own: np.ndarray) -> ScoredSource:
    scores = scored.appearance_scores
    return ScoredSource(
        scored.probabilities[own],
        scored.appearances[own],
        scored.findings[own],
        scored.views[own],
        scored.groups[own],
        scored.threshold,
        None if scores is None else scores[own],
    )

"""Whether heat maps are worth looking at.

Where they lie, what covering the hot places does to the answer, and whether they are made of what
was learnt.

Grad-CAM, which the page shows, stands beside two more methods and beside chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from covid_core.evaluation.faithfulness import SHARES, STAGES, area, cells_of, curves, similarity
from covid_core.evaluation.saliency_methods import METHODS
from covid_core.evaluation.sample import Sample
from covid_core.findings import Finding
from covid_core.metrics import Estimate, mean
from covid_core.model.audit import Curve, Curves, Explanations, MethodFigures
from covid_core.model.card import WeightsCard
from covid_core.model.networks import Network
from covid_core.model.saliency import METHOD, Saliency

CHANCE = "random order"
LIKE = 0.5  # the rank correlation from which on two maps count as alike


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One film for a page.

    `film`: uint8 (h, w). `lungs`: bool (128, 128) over the whole film. `label`: index into CLASSES.
    `called`: the answer that the maps explain. `maps`: by method, float32 (h, w), 0 to 1, each on a
    scale of its own: they compare where, not how much.
    """

    film: np.ndarray
    lungs: np.ndarray
    label: int
    called: Finding
    maps: dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Films and what a network made of them, an entry a film.

    `pictures`: its input, uint8 (N, S, S). `called`: the answer that is explained, int (N,).
    `cells`: maps by method, float32 (N, h, w).
    """

    films: Sequence[np.ndarray]
    masks: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    pictures: np.ndarray
    called: np.ndarray
    cells: Mapping[str, np.ndarray]


def measure_explanations(
    sample: Sample,
    network: Network,
    card: WeightsCard,
    *,
    device: torch.device,
    count: int = 48,
    examples: int = 6,
    seed: int = 0,
) -> tuple[Explanations, list[Panel]]:
    """What heat maps are worth, and `examples` to look at.

    At most `count` films are explained, each for the answer that it was given. Every figure is a
    mean over films with its interval.

    `lung_area`: the lungs' share of the film. `methods` by name: `in_lungs`, the share of positive
    heat inside the lungs; `excess`, that share less the lungs' area; `deletion` and `insertion`,
    each with the answer's probability (`curve`) at each of `shares` of the film removed or shown,
    hottest first, and the area under it (`area`): in a faithful map, small for deletion and
    large for insertion. `chance`: these two in a random order. `better`: by how much Grad-CAM's
    areas beat them, film by film. `randomised` by stage: how like Grad-CAM's map is to that of
    randomised weights, which is below `like` where the map depends on the weights.
    """
    network = network.eval().to(device)
    seen = _see(sample, network, card, device, count, seed)
    generator = np.random.default_rng(seed)
    chance = {CHANCE: generator.normal(size=seen.cells[METHOD].shape)}
    drawn = _drawn(network, card, seen, {**seen.cells, **chance}, device)
    x = card.preprocess.tensor(seen.pictures).to(device)
    randomised = {
        stage: mean(similarity(network, x, seen.called, stage, seed=seed), seen.groups)
        for stage in tqdm(STAGES, "randomised weights")
    }
    figures = Explanations(
        films=len(seen.films),
        shares=tuple(SHARES.tolist()),
        lung_area=mean(seen.masks.mean(axis=(1, 2)), seen.groups),
        methods={method: _of_method(seen, card, method, drawn[method]) for method in METHODS},
        chance=Curves(**_curves(drawn[CHANCE], seen.groups)),
        better=_better(drawn, seen.groups),
        randomised=randomised,
        like=LIKE,
    )
    shown = generator.permutation(len(seen.films))[:examples]
    return figures, [_panel(seen, card, int(i)) for i in np.sort(shown)]


def _see(
    sample: Sample,
    network: Network,
    card: WeightsCard,
    device: torch.device,
    count: int,
    seed: int,
) -> _Seen:
    chosen = np.sort(np.random.default_rng(seed).permutation(len(sample.labels))[:count])
    films = [sample.films[i] for i in chosen]
    pictures = np.stack([card.preprocess.picture(film.astype(np.float32) / 255) for film in films])
    x = card.preprocess.tensor(pictures).to(device)
    with torch.inference_mode():
        logits = np.concatenate([network(one[np.newaxis]).cpu().numpy() for one in x])
    called = card.rules.probabilities(logits).argmax(axis=1)
    return _Seen(
        films,
        sample.masks[chosen],
        sample.labels[chosen],
        sample.groups[chosen],
        pictures,
        called,
        {method: cells_of(network, x, called, method) for method in METHODS},
    )


def _drawn(
    network: Network,
    card: WeightsCard,
    seen: _Seen,
    orders: Mapping[str, np.ndarray],
    device: torch.device,
) -> dict[str, np.ndarray]:
    """Deletion and insertion of every film in each order: float64 (2, N, 17)."""
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in orders}
    for i, picture in enumerate(tqdm(seen.pictures, "deletion and insertion", unit="radiograph")):
        for name, cells in orders.items():
            both = curves(network, card, picture, cells[i], int(seen.called[i]), device=device)
            drawn[name].append(np.stack(both))
    return {name: np.stack(films, axis=1) for name, films in drawn.items()}


def _of_method(seen: _Seen, card: WeightsCard, method: str, drawn: np.ndarray) -> MethodFigures:
    shares = [
        _saliency(seen, card, method, i).share_inside(lungs) for i, lungs in enumerate(seen.masks)
    ]
    inside = np.array(shares)
    excess = inside - seen.masks.mean(axis=(1, 2))
    return MethodFigures(
        in_lungs=mean(inside, seen.groups),
        excess=mean(excess, seen.groups),
        **_curves(drawn, seen.groups),
    )


def _curves(drawn: np.ndarray, groups: np.ndarray) -> dict[str, Curve]:
    return {
        name: Curve(curve=tuple(curve.mean(axis=0).tolist()), area=mean(area(curve), groups))
        for name, curve in zip(("deletion", "insertion"), drawn, strict=True)
    }


def _better(drawn: Mapping[str, np.ndarray], groups: np.ndarray) -> dict[str, Estimate]:
    deletion, insertion = area(drawn[CHANCE]) - area(drawn[METHOD])
    return {"deletion": mean(deletion, groups), "insertion": mean(-insertion, groups)}


def _panel(seen: _Seen, card: WeightsCard, i: int) -> Panel:
    film = seen.films[i]
    maps = {method: _saliency(seen, card, method, i).heat(*film.shape) for method in METHODS}
    called = card.classes[int(seen.called[i])]
    return Panel(film, seen.masks[i], int(seen.labels[i]), called, maps)


def _saliency(seen: _Seen, card: WeightsCard, method: str, i: int) -> Saliency:
    """One film's map, drawn at full heat in its strongest cell."""
    cells, film = seen.cells[method][i], seen.films[i]
    crop = card.preprocess.crop(film.astype(np.float32) / 255)
    saliency = Saliency(
        finding=card.classes[int(seen.called[i])],
        cells=cells,
        bias=0.0,
        placement=card.preprocess.placement(*crop.shape(*film.shape)),
        size_px=card.preprocess.size_px,
        full_heat=1.0,
        method=method,
        crop=crop,
    )
    return saliency.stretched()

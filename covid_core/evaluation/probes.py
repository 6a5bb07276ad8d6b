"""Shortcut probes: whether COVID-19 is still recognised where no lung is to be seen.

Markers, borders, collimation and posture differ between hospitals, and so do the share of their
patients with COVID-19. What a network recognises by them is the hospital, not the disease (DeGrave,
Janizek and Lee 2021; Maguolo and Nanni 2021).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from covid_core.evaluation.sample import Reader, Sample, prepare
from covid_core.evaluation.targets import AFTER_PREPARATION
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import Estimate, auroc_estimate
from covid_core.model import audit
from covid_core.prepare.occlusion import LEAST_LUNG, lungs_only, lungs_out, painted_over, widened
from covid_core.prepare.preprocess import Preprocess

LIMIT = 0.60  # the AUROC above which a film without lungs still shows COVID-19
_INTACT = "intact"
_COVID = CLASSES.index(Finding.COVID)
_FRAME = 0.12  # the outer frame's width, of each side
_CORNER = 0.22  # a covered corner's side, of each side: where markers stand
_FEW = 5  # fewer films of a class than this say nothing about it

Cover = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""A film, uint8 (h, w), and where its lungs are, bool (h, w), to what is left of it, alike."""


@dataclass(frozen=True, slots=True)
class ProbeKind:
    """A probe and its title.

    `without_lungs`: no network that reads the lungs can recognise COVID-19 there.
    """

    title: str
    cover: Cover
    without_lungs: bool = False


def lung_box_out(film: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """Black in the box around both lungs, for a hole's outline shows the lungs' shape."""
    down, across = (np.nonzero(lungs.any(axis=axis))[0] for axis in (1, 0))
    left = film.copy()
    left[down[0] : down[-1] + 1, across[0] : across[-1] + 1] = 0
    return left


def border_only(film: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """The outer frame, black within, and black where a lung reaches into it."""
    return np.where(_frame(film) & ~lungs, film, 0).astype(np.uint8)


def border_out(film: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """All but the outer frame, which is black."""
    return np.where(_frame(film), 0, film).astype(np.uint8)


def corners_out(film: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """Black in the four corners, where markers stand."""
    down, across = (round(side * _CORNER) for side in film.shape)
    left = film.copy()
    for rows in (slice(None, down), slice(-down, None)):
        for columns in (slice(None, across), slice(-across, None)):
            left[rows, columns] = 0
    return left


def outline_only(film: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """White lungs on black: their shape alone, and no grey of the film."""
    return np.where(lungs, 255, 0).astype(np.uint8)


PROBES: dict[str, ProbeKind] = {
    _INTACT: ProbeKind("intact", lambda film, lungs: film),
    "lungs_only": ProbeKind("only the lungs", lungs_only),
    "border_out": ProbeKind("border covered", border_out),
    "corners_out": ProbeKind("corners covered", corners_out),
    "lungs_out": ProbeKind("lungs covered", lungs_out, without_lungs=True),
    # To a black hole a network may answer with the disease whatever the film, and look innocent.
    "lungs_painted": ProbeKind("lungs painted over", painted_over, without_lungs=True),
    "lung_box_out": ProbeKind("lungs' box covered", lung_box_out, without_lungs=True),
    "border_only": ProbeKind("only the border", border_only, without_lungs=True),
    "outline_only": ProbeKind("only lungs' outline", outline_only),
}


def measure_shortcuts(sample: Sample, read: Reader, preprocess: Preprocess) -> audit.Probes:
    """The AUROC of COVID-19 against the rest under each probe, with its interval.

    Parts are covered on the picture that the network is given: before, a black hole would change
    every grey that is left, for tone is equalised over the whole film. `read`: as
    `sample.picture_reader` gives it; COVID-19 is the network's last output. Films in which no
    lungs were found are `left_out`. `limit`: what a probe without lungs may reach. `within`: the
    same AUROCs of each source that has both, by source and probe, for there no hospital gives the
    class away.
    """
    found = sample.masks.mean(axis=(1, 2)) >= LEAST_LUNG
    films = [film for film, there in zip(sample.films, found, strict=True) if there]
    pictures = [prepare(film, preprocess) for film in films]
    crops = [preprocess.crop(film.astype(np.float32) / 255) for film in films]
    shapes = [crop.shape(*film.shape) for crop, film in zip(crops, films, strict=True)]
    places = [place(preprocess, shape) for shape in shapes]
    masks = zip(sample.masks[found], pictures, places, crops, strict=True)
    lungs = [widened(mask, picture[own].shape, crop) for mask, picture, own, crop in masks]
    positive, groups = sample.labels[found] == _COVID, sample.groups[found]
    sources = sample.sources[found]
    scores = {}
    for name, about in tqdm(PROBES.items(), "probes"):
        left = [cover(about.cover, *one) for one in zip(pictures, lungs, places, strict=True)]
        scores[name] = read(left)[:, -1]
    everywhere = np.ones(len(positive), bool)
    figures = _figures(scores, positive, groups, everywhere)
    probes = {
        name: audit.Probe(title=about.title, without_lungs=about.without_lungs, auroc=figures[name])
        for name, about in PROBES.items()
    }
    return audit.Probes(
        films=len(positive),
        left_out=int((~found).sum()),
        covered=AFTER_PREPARATION,
        limit=LIMIT,
        probes=probes,
        within={
            str(source): _figures(scores, positive, groups, sources == source)
            for source in _with_both(sources, positive)
        },
    )


def cover(
    cover: Cover, picture: np.ndarray, lungs: np.ndarray, own: tuple[slice, slice]
) -> np.ndarray:
    """What a probe leaves of a prepared picture, uint8 (S, S).

    It is applied to the part where the film lies, and padding stays. `lungs`: bool, of that part's
    shape.
    """
    left = picture.copy()
    left[own] = cover(picture[own], lungs)
    return left


def place(preprocess: Preprocess, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Where a film, or its crop, of that shape lies in its prepared picture: rows and columns."""
    height, width = shape
    top, left, down, across = preprocess.placement(height, width)
    return slice(top, top + down), slice(left, left + across)


def _frame(film: np.ndarray) -> np.ndarray:
    """True in the outer frame: bool (h, w)."""
    down, across = (round(side * _FRAME) for side in film.shape)
    frame = np.ones(film.shape, bool)
    frame[down:-down, across:-across] = False
    return frame


def _figures(
    scores: dict[str, np.ndarray], positive: np.ndarray, groups: np.ndarray, own: np.ndarray
) -> dict[str, Estimate]:
    return {
        name: auroc_estimate(positive[own], given[own], groups[own])
        for name, given in scores.items()
    }


def _with_both(sources: np.ndarray, positive: np.ndarray) -> list[str]:
    """The sources that have films enough of COVID-19 and of the rest."""
    return [
        source
        for source in sorted(set(sources))
        if min((positive & (sources == source)).sum(), (~positive & (sources == source)).sum())
        >= _FEW
    ]

"""Examples that the gate is trained and measured on: good films, spoilt ones, other pictures.

A film is spoilt by what really happens to films: turned, inverted, cropped. The lung network
measures how much of the lungs a crop leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from covid_core.datasets.split import SIDES, groups_of
from covid_core.model.gate_findings import DISPLAYED, FLAWS, OTHERS, Code
from covid_core.predict.gate import EXPOSURES, PREPROCESS, exposure
from covid_core.predict.lungs import PREPROCESS as LUNG_PREPROCESS
from covid_core.predict.lungs import Lungs
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.borders import crop_film, find_crop
from covid_core.read.phantom import KINDS as PHANTOMS
from covid_core.read.phantom import draw_phantom
from covid_core.read.radiograph import ADULT_YEARS
from covid_core.read.reading import read_file
from covid_core.sources import stated_ages
from covid_core.training.gate.arranged import bordered
from covid_core.training.gate.displayed import DISPLAY_KINDS
from covid_core.training.gate.negatives import CUTS, KINDS

FILM_PX = 224
_CHILD_YEARS = 10.0  # between this and ADULT_YEARS it can be said neither way
_NO_CHEST_SHARE, _CUT_SHARE, _WHOLE_SHARE = 0.05, 0.7, 0.9  # of the lungs left in view
_BORDERED_TIMES = 3  # of each film by itself: a border looks more like a display than the film does
_AT_ONCE = 4  # films that a picture of several is made of, at most
_WHOLE = Preprocess(size_px=FILM_PX)


@dataclass(frozen=True, slots=True, eq=False)
class GateFilms:
    """Films as they came.

    `pictures`: uint8 (N, 224, 224). `exposures`: float (N, 2), as EXPOSURES, inside the borders.
    `children`: float (N,), 0, 1 or NaN where not known. `sources`: text. `groups`: int (N,), films
    of one patient or of one picture.
    """

    pictures: np.ndarray
    exposures: np.ndarray
    children: np.ndarray
    sources: np.ndarray
    groups: np.ndarray

    def sample(self, most: int, drawing: np.random.Generator) -> GateFilms:
        """A random choice of them, at most so many."""
        chosen = drawing.permutation(len(self.pictures))[:most]
        return GateFilms(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Pictures for training or measuring, and what is true of them.

    `pictures`: uint8 (N, 128, 128), of the gate's PREPROCESS. `kinds`: int64 (N,), 0 a frontal
    chest film, then OTHERS. `flaws`: float32 (N, 5), as FLAWS, 0 to 1, NaN where not known.
    `names`: text (N,), a film's source, or what was drawn.
    """

    pictures: np.ndarray
    kinds: np.ndarray
    flaws: np.ndarray
    names: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """All parts in one."""
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__)
        )


def read_films(rows: pd.DataFrame) -> GateFilms:
    """The films of a manifest's rows. Raises RefusedFile."""
    pictures, exposures = [], []
    for path in tqdm(rows["path"], "films"):
        pixels = read_file(Path(path)).pixels
        pictures.append(_WHOLE.picture(pixels))
        inside = exposure(crop_film(pixels, find_crop(pixels)))
        exposures.append([inside[code] for code in EXPOSURES])
    return GateFilms(
        np.stack(pictures),
        np.array(exposures),
        _children(rows),
        rows["source"].to_numpy(str),
        groups_of(rows),
    )


def children_by_age(table: pd.DataFrame) -> np.ndarray:
    """Which of a manifest's films are of children whose age is known, in a split part, bool."""
    young = table["age"] < _CHILD_YEARS
    return (young & table["split"].isin([side.value for side in SIDES])).to_numpy()


def good_examples(films: GateFilms) -> Examples:
    """Examples of the films as they came: upright, whole, not inverted."""
    pictures = np.stack([_prepare(film) for film in films.pictures])
    flaws = np.zeros((len(pictures), len(FLAWS)), np.float32)
    flaws[:, FLAWS.index(Code.CHILD)] = films.children
    return Examples(pictures, np.zeros(len(pictures), np.int64), flaws, films.sources)


def bordered_examples(films: GateFilms, drawing: np.random.Generator) -> Examples:
    """Examples of the films in plain borders, as collimators and exports leave them."""
    whole = good_examples(films)
    pictures = np.stack([_prepare(bordered(film, drawing)) for film in films.pictures])
    return replace(whole, pictures=pictures)


def spoilt_examples(
    films: GateFilms, lungs: Lungs, drawing: np.random.Generator, *, only: Code | None = None
) -> Examples:
    """Examples of each film, turned, inverted or cropped; `only`: of that flaw alone."""
    count = len(films.pictures)
    cropped = np.full(count, only is Code.CROPPED) if only else drawing.random(count) < 0.35
    masks = iter(_outline(films.pictures[cropped], lungs))
    made = [
        _spoil(film, child, next(masks) if crop else None, drawing, only)
        for film, child, crop in zip(films.pictures, films.children, cropped, strict=True)
    ]
    pictures, kinds, flaws = (np.array(part) for part in zip(*made, strict=True))
    return Examples(pictures, kinds, flaws, films.sources)


def phantom_examples(count: int) -> Examples:
    """Examples of the demonstration's phantoms, drawn, of adults, and not to be refused."""
    drawn = [draw_phantom(PHANTOMS[i % 3], size_px=256, seed=i) for i in range(count)]
    flaws = np.zeros((count, len(FLAWS)), np.float32)
    pictures = np.stack([_prepare(film) for film in drawn])
    return Examples(pictures, np.zeros(count, np.int64), flaws, np.array(["phantom"] * count))


def other_examples(
    films: GateFilms, each: int, drawing: np.random.Generator, *, trains: bool
) -> list[Examples]:
    """Examples of other pictures, `each` of a kind: those that may train, or those that may not."""
    made = [
        _other([kind.draw(drawing) for _ in range(each)], kind.code, name)
        for name, kind in tqdm(KINDS.items(), "drawing")
        if kind.trains == trains
    ]
    for name, (code, cut, may) in CUTS.items():
        if may == trains:
            chosen = drawing.choice(films.pictures, each)
            made.append(_other([cut(film, drawing) for film in chosen], code, name))
    return made


def displayed_examples(
    films: GateFilms, each: int, drawing: np.random.Generator, *, trains: bool
) -> list[Examples]:
    """Examples of films on display, by kind: those that may train, or those that may not.

    `each` of a kind, times what DISPLAY_KINDS says. Their `kinds` are those of a branch of its own:
    1 and more, as the codes of display.
    """
    made = []
    for name, way in tqdm(DISPLAY_KINDS.items(), "displaying"):
        if way.trains == trains:
            pictures = [
                way.draw(drawing.choice(films.pictures, _AT_ONCE), drawing)
                for _ in range(round(each * way.times))
            ]
            made.append(_example_of(pictures, 1 + DISPLAYED.index(way.code), name))
    return made


def undisplayed_examples(
    films: GateFilms, each: int, lungs: Lungs, drawing: np.random.Generator
) -> list[Examples]:
    """Examples of films by themselves, as they came, in borders or turned, and of other pictures.

    Their `kinds` are 0, that of no display.
    """
    turned = [
        spoilt_examples(films.sample(len(films.pictures) // 4, drawing), lungs, drawing, only=code)
        for code in (Code.ROTATED, Code.UPSIDE_DOWN, Code.INVERTED)
    ]
    others = [
        replace(one, kinds=np.zeros_like(one.kinds))
        for one in other_examples(films, each, drawing, trains=True)
    ]
    borders = [bordered_examples(films, drawing) for _ in range(_BORDERED_TIMES)]
    return [good_examples(films), *borders, *turned, *others]


def _other(drawn: list[np.ndarray], code: Code, name: str) -> Examples:
    return _example_of(drawn, 1 + OTHERS.index(code), name)


def _example_of(drawn: list[np.ndarray], kind: int, name: str) -> Examples:
    count = len(drawn)
    return Examples(
        np.stack([_prepare(picture) for picture in drawn]),
        np.full(count, kind, np.int64),
        np.full((count, len(FLAWS)), np.nan, np.float32),
        np.array([name] * count),
    )


def _outline(films: np.ndarray, lungs: Lungs) -> np.ndarray:
    """Probability of lung, float32 (N, 128, 128), of films uint8 (N, h, w)."""
    small = [LUNG_PREPROCESS.picture(film.astype(np.float32) / 255) for film in films]
    batches = [small[start : start + 32] for start in range(0, len(small), 32)]
    found = [lungs.masks(np.stack(batch)) for batch in tqdm(batches, "lungs")]
    return np.concatenate(found) if found else np.empty((0, 1, 1))


def _spoil(
    film: np.ndarray,
    child: float,
    mask: np.ndarray | None,
    drawing: np.random.Generator,
    only: Code | None,
) -> tuple[np.ndarray, int, np.ndarray]:
    """One film, cropped where its lungs are given; picture, kind and flaws."""
    kind, flaws = 0, np.zeros(len(FLAWS), np.float32)
    flaws[FLAWS.index(Code.CHILD)] = child

    def happens(code: Code, share: float) -> bool:
        return code is only if only else bool(drawing.random() < share)

    if mask is not None:
        film, left = _crop(film, mask, drawing)
        cut = np.clip((_WHOLE_SHARE - left) / (_WHOLE_SHARE - _CUT_SHARE), 0, 1)
        flaws[FLAWS.index(Code.CROPPED)] = cut
        if left < _NO_CHEST_SHARE:  # a shoulder, a neck, a belly
            kind, flaws[:] = 1 + OTHERS.index(Code.NOT_A_CHEST), np.nan
    if happens(Code.ROTATED, 0.2):
        film = np.rot90(film, drawing.choice([1, 3]))
        flaws[FLAWS.index(Code.ROTATED)] += 1
    elif happens(Code.UPSIDE_DOWN, 0.2):
        film = film[::-1]  # augmentation mirrors half of them: then it is turned by 180 degrees
        flaws[FLAWS.index(Code.UPSIDE_DOWN)] += 1
    if happens(Code.INVERTED, 0.25):
        film = 255 - film
        flaws[FLAWS.index(Code.INVERTED)] += 1
    return _prepare(film), kind, flaws


def _crop(
    film: np.ndarray, lungs: np.ndarray, drawing: np.random.Generator
) -> tuple[np.ndarray, float]:
    """A part of a film, and the share of its lungs that the part shows."""
    height, width = drawing.uniform(0.25, 0.95, 2)
    top, left = drawing.uniform(0, 1 - height), drawing.uniform(0, 1 - width)

    def part(of: np.ndarray) -> np.ndarray:
        side = len(of)
        return of[
            int(top * side) : int((top + height) * side),
            int(left * side) : int((left + width) * side),
        ]

    return part(film), float(part(lungs).sum(dtype=float) / max(lungs.sum(dtype=float), 1))


def _prepare(levels: np.ndarray) -> np.ndarray:
    return PREPROCESS.picture(np.ascontiguousarray(levels, np.float32) / 255)


def _children(rows: pd.DataFrame) -> np.ndarray:
    """Which films are of children, float (N,): 1, 0, or NaN where not known.

    By age where it is given, else by what the source's authors state of all their patients; where
    neither is given, adults, as nearly all are.
    """
    stated = [stated_ages(source) for source in rows["source"]]
    oldest = np.array([ADULT_YEARS if of is None else of[1] for of in stated])
    ages = rows["age"].fillna(pd.Series(oldest, rows.index)).to_numpy(float)
    return np.where(ages < _CHILD_YEARS, 1.0, np.where(ages >= ADULT_YEARS, 0.0, np.nan))

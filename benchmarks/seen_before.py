"""Whether training films and their copies are known again, and no film of another hospital is.

    python -m benchmarks.seen_before MANIFEST [--weights weights] [--films 400]

MANIFEST: that the weights were trained by. Prints Markdown: every film that trained, `--films` of
them changed in each of several ways, every film that was held out or tests; how long a search
takes, and whether it ever gives two of one patient; what can be drawn back from a hash.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from scipy.fft import idctn

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import Split, groups_of
from covid_core.engines.machine import described
from covid_core.explain.known_films import KnownFilms
from covid_core.explain.perceptual_hash import (
    HASH_BITS,
    PICTURE,
    SAME_PICTURE,
    distances,
    hashes_of,
)
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.predict.predictor import Predictor
from covid_core.present import markdown
from covid_core.read.radiograph import MIN_SIDE_PX, Radiograph
from covid_core.read.reading import read_file, read_radiograph

Change = Callable[[Image.Image], Image.Image]
_TIMED = 200  # films
_BICUBIC, _NEAREST = Image.Resampling.BICUBIC, Image.Resampling.NEAREST


@dataclass(frozen=True, slots=True)
class Kind:
    """A way in which copies are made.

    `wanted`: whether such a copy should be known again; the others are only counted.
    """

    title: str
    change: Change
    format: str = "PNG"
    quality: int = 75
    wanted: bool = True

    def copy(self, film: Image.Image) -> bytes:
        """A file of the film, changed as this kind says."""
        file = io.BytesIO()
        self.change(film).save(file, self.format, quality=self.quality)
        return file.getvalue()


def same(film: Image.Image) -> Image.Image:
    return film


def scaled(by: float, filtered: Image.Resampling = _BICUBIC) -> Change:
    """To that share of its sides, which stay large enough to be read."""
    return lambda film: film.resize(
        (max(MIN_SIDE_PX, round(film.width * by)), max(MIN_SIDE_PX, round(film.height * by))),
        filtered,
    )


def toned(tone: Callable[[np.ndarray], np.ndarray]) -> Change:
    """By a curve of grey levels, 0 to 1."""
    table = np.rint(np.clip(tone(np.arange(256) / 255), 0, 1) * 255).astype(int).tolist()
    return lambda film: film.point(table)


def cropped(share: float) -> Change:
    """Without that share of the width and height on each side."""

    def crop(film: Image.Image) -> Image.Image:
        x, y = round(film.width * share), round(film.height * share)
        return film.crop((x, y, film.width - x, film.height - y))

    return crop


def stamped(film: Image.Image) -> Image.Image:
    """With a white label in a corner, an eighth of its width wide."""
    film, side = film.copy(), film.width // 8
    ImageDraw.Draw(film).rectangle((4, 4, 4 + side, 4 + side // 2), fill=255)
    return film


KINDS = (
    *(Kind(f"JPEG, quality {quality}", same, "JPEG", quality) for quality in (95, 75, 50, 30)),
    Kind("PNG", same),
    *(Kind(f"WebP, quality {quality}", same, "WEBP", quality) for quality in (80, 50)),
    Kind("colour JPEG, quality 75", lambda film: film.convert("RGB"), "JPEG"),
    *(Kind(f"resized to {by:g}", scaled(by)) for by in (0.5, 0.75, 1.5, 2)),
    Kind("resized to 0.5, unfiltered", scaled(0.5, _NEAREST)),
    Kind("squashed to 299 x 299", lambda film: film.resize((299, 299), _BICUBIC)),
    *(
        Kind(f"resized to {by:g}, JPEG, quality {quality}", scaled(by), "JPEG", quality)
        for by, quality in ((0.5, 30), (2, 30))
    ),
    Kind("brighter by a tenth", toned(lambda grey: grey + 0.1)),
    Kind("darker by a tenth", toned(lambda grey: grey - 0.1)),
    Kind("contrast 1.2", toned(lambda grey: (grey - 0.5) * 1.2 + 0.5)),
    Kind("contrast 0.8", toned(lambda grey: (grey - 0.5) * 0.8 + 0.5)),
    Kind("gamma 1.5", toned(lambda grey: grey**1.5), wanted=False),
    Kind("JPEG, quality 10", same, "JPEG", 10, wanted=False),
    Kind("1% cropped on each side", cropped(0.01), wanted=False),
    Kind("2% cropped on each side", cropped(0.02), wanted=False),
    Kind("turned by 1 degree", lambda film: film.rotate(1, _BICUBIC), wanted=False),
    Kind("a label in a corner", stamped, wanted=False),
    Kind("mirrored", lambda film: film.transpose(Image.Transpose.FLIP_LEFT_RIGHT), wanted=False),
)


@dataclass(frozen=True, slots=True)
class Searched:
    """Some films sought in the index.

    `films`: how many; `flagged`: seen before; `right`: as the very film, or one of its group;
    `nearest`: bits to the nearest hash, int64 (films,).
    """

    films: int
    flagged: int
    right: int
    nearest: np.ndarray

    def row(self, title: str, goal: str) -> list[str]:
        """Cells of a table."""
        shares = [f"{count} ({count / self.films:.1%})" for count in (self.flagged, self.right)]
        bits = [f"{np.percentile(self.nearest, at):.0f}" for at in (0, 50, 95, 100)]
        return [title, goal, str(self.films), *shares, " / ".join(bits)]


def searched(
    known: KnownFilms, films: Iterable[Radiograph], groups: Mapping[str, int], own: Sequence[int]
) -> Searched:
    """`groups`: group by SHA-256 of each known file. `own`: the groups of the films sought."""
    flagged, right, nearest = 0, 0, []
    for film, group in zip(films, own, strict=True):
        seen = known.seen(film)
        flagged += seen is not None
        right += seen is not None and groups[seen.film.sha256] == group
        nearest.append(nearest_bits(known, film))
    return Searched(len(own), flagged, right, np.array(nearest))


def nearest_bits(known: KnownFilms, film: Radiograph) -> int:
    """How many bits lie between a film's hash and the nearest known one."""
    own = hashes_of(PICTURE.picture(film)[np.newaxis])[0]
    return int(distances(own, known.hashes).min())


def tables(table: pd.DataFrame, known: KnownFilms, films: int) -> str:
    """Files as they are, and copies."""
    groups = dict(zip(table["sha256"], table["group"], strict=True))
    trained = table[table["split"] == Split.TRAIN.value]
    rows = []
    for split, goal in {
        Split.TRAIN: "100%",
        Split.VALIDATION: "100%",
        Split.HELD_OUT: "0",
        Split.TEST: "rarely",
    }.items():
        part = table[table["split"] == split.value]
        if len(part):
            own = (read_file(Path(path)) for path in part["path"])
            found = searched(known, own, groups, part["group"].tolist())
            rows.append(found.row(f"files of the part: {split.value}", goal))
    some = trained.sample(min(films, len(trained)), random_state=0)
    pictures = [Image.open(path).convert("L") for path in some["path"]]
    for kind in KINDS:
        copies = (read_radiograph(kind.copy(picture)) for picture in pictures)
        found = searched(known, copies, groups, some["group"].tolist())
        rows.append(found.row(kind.title, "95%" if kind.wanted else "-"))
    bits = "Bits to the nearest: least / median / 95% / most"
    return markdown.table(["Films", "Asked", "Number", "Flagged", "As itself", bits], rows)


def speed(weights: Path, card: WeightsCard, table: pd.DataFrame, known: KnownFilms) -> str:
    """Times of each step, and what films with neighbours of one group there are."""
    predictor = Predictor.load(weights, card.recipe, gated=False)
    groups = dict(zip(table["sha256"], table["group"], strict=True))
    part = table[table["split"].isin([Split.TRAIN.value, Split.HELD_OUT.value])]
    took: dict[str, list[float]] = {"load the index": [], "seen": [], "nearest": []}
    twice, own = 0, 0
    for path in part["path"].sample(min(_TIMED, len(part)), random_state=0):
        film = read_file(Path(path))
        prediction = predictor.predict(film)
        start = time.perf_counter()
        KnownFilms.load(weights, card)
        loaded = time.perf_counter()
        seen = known.seen(film)
        sought = time.perf_counter()
        found = known.nearest(prediction, seen=seen)
        ended = time.perf_counter()
        times = np.diff([start, loaded, sought, ended])
        for step, seconds in zip(took, times, strict=True):
            took[step].append(float(seconds))
        for several in found.values():
            near = [groups[one.film.sha256] for one in several]
            twice += len(set(near)) < len(near)
            own += groups[film.sha256] in near
    rows = [
        [step, f"{1000 * np.median(one):.1f} ms", f"{1000 * max(one):.1f} ms"]
        for step, one in took.items()
    ]
    twins = f"Of {len(took['seen'])} films, {twice} classes with two neighbours of one patient or"
    return (
        f"{markdown.table(['Step', 'Median', 'Longest'], rows)}\n\n{twins} picture, {own} with the"
        f" film's own.\n{described()}"
    )


def drawn_back(hashes: np.ndarray) -> np.ndarray:
    """Pictures of hashes' signs alone, float (N, 64, 64)."""
    spectra = np.zeros((len(hashes), 64, 64))
    spectra[:, 4:20, 4:20] = np.unpackbits(hashes, axis=1).reshape(-1, 16, 16) * 2.0 - 1
    return idctn(spectra, type=2, axes=(1, 2))


def ghosts(table: pd.DataFrame, films: int) -> str:
    """How far a picture drawn back from a hash is the film, as correlation."""
    paths = table["path"].sample(min(films, len(table)), random_state=0)
    pictures = np.stack([PICTURE.picture(read_file(Path(path))) for path in paths])
    back = drawn_back(hashes_of(pictures))
    alike = [
        np.corrcoef(one.ravel(), other.ravel())[0, 1]
        for one, other in zip(pictures.astype(float), back, strict=True)
    ]
    low, median, high = np.percentile(alike, [5, 50, 95])
    return (
        f"A picture drawn back from a hash correlates {median:.2f} with the film at 64 px (5% to"
        f" 95% of {len(alike)} films: {low:.2f} to {high:.2f})."
    )


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--films", type=int, default=400, help="changed in each way")
    options = parser.parse_args()
    card = read_card(options.weights)
    table = read_manifest(options.manifest)
    table = table.assign(group=groups_of(table))
    known = KnownFilms.load(options.weights, card)
    if known is None:
        parser.error("these weights have no index: python -m covid_core index MANIFEST")
    print(f"Flagged from {SAME_PICTURE} of {HASH_BITS} bits down, or by SHA-256.\n")
    print(tables(table, known, options.films), end="\n\n")
    print(speed(options.weights, card, table, known), end="\n\n")
    print(ghosts(table, options.films))


if __name__ == "__main__":
    main()

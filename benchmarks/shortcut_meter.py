"""What the shortcut meter says of films as they are, and with a marker planted in a corner.

    python -m benchmarks.shortcut_meter MANIFEST [--films 100] [--held-out 50]

A bright R or L of about 7% of the side is drawn into an upper corner of films of the test part and
of the held-out source. A score moves where its digits change as they are shown; how far is given in
log odds, beside two controls: the same film encoded anew as JPEG, and the same letter planted in
the lungs, which the score without lungs must not see. The second table compares ways to remove the
lungs: what a way scores films that are not the disease says how far it is itself taken for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import Split
from covid_core.evaluation.sample import Sample, draw_sample
from covid_core.explain.shortcut_meter import explains, parts
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import auroc
from covid_core.model.card import WEIGHTS
from covid_core.model.decision import BALANCED, log_odds
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.prepare.jpeg import compress
from covid_core.prepare.occlusion import LEAST_LUNG, lungs_out, widened
from covid_core.present import markdown

SCORES = ("whole film", "lungs only", "lungs removed")
_COVID = CLASSES.index(Finding.COVID)
_LETTER = (0.06, 0.08)  # its height, of the film's shorter side
_ASIDE = (0.02, 0.06)  # how far from the film's edges
_WHITE = 245
_DIGITS = 3  # of a score, in which it counts as another
_CLEAR = 0.1  # of the log odds, a tenth of the odds: far beyond what encoding anew does

Change = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""A film, uint8 (h, w), where its lungs are, bool (m, m), and a seed, to a changed film."""


def marked(film: np.ndarray, lungs: np.ndarray, seed: int) -> np.ndarray:
    """A letter in one of the upper corners."""
    drawing = np.random.default_rng(seed)
    side, size = min(film.shape), round(min(film.shape) * drawing.uniform(*_LETTER))
    left, top = (round(side * aside) for aside in drawing.uniform(*_ASIDE, 2))
    if drawing.random() < 0.5:
        return _lettered(film, "R", left, top, size)
    return _lettered(film, "L", film.shape[1] - left - size, top, size)


def marked_in_the_lungs(film: np.ndarray, lungs: np.ndarray, seed: int) -> np.ndarray:
    """The same letter in the middle of the lung that is at the film's left."""
    size = round(min(film.shape) * np.random.default_rng(seed).uniform(*_LETTER))
    rows, columns = np.nonzero(lungs & (np.arange(len(lungs)) < np.nonzero(lungs)[1].mean()))
    left, top = np.median(columns) / len(lungs), np.median(rows) / len(lungs)
    place = round(left * film.shape[1] - size / 2), round(top * film.shape[0] - size / 2)
    return _lettered(film, "R", *place, size)


def encoded_anew(film: np.ndarray, lungs: np.ndarray, seed: int) -> np.ndarray:
    return compress(film, 90)


_CONTROL = "encoded anew"
CHANGES: dict[str, Change] = {
    "marker in a corner": marked,
    _CONTROL: encoded_anew,
    "marker in a lung": marked_in_the_lungs,
}


def _lettered(film: np.ndarray, letter: str, left: int, top: int, size: int) -> np.ndarray:
    picture = Image.fromarray(film)
    font = ImageFont.load_default(size=size)
    ImageDraw.Draw(picture).text((left, top), letter, fill=_WHITE, font=font)
    return np.asarray(picture)


def meters(predictor: Predictor, films: list[np.ndarray], masks: np.ndarray) -> np.ndarray:
    """The three SCORES of films: float64 (N, 3)."""
    preprocess = predictor.card.preprocess
    found = []
    for film, mask in zip(films, masks, strict=True):
        picture = preprocess.picture(film.astype(np.float32) / 255)
        crop = preprocess.crop(film.astype(np.float32) / 255)
        left = parts(picture, preprocess.placement(*crop.shape(*film.shape)), mask, crop)
        found.append(_scores(predictor, np.concatenate([picture[np.newaxis], left])))
    return np.stack(found)


def _scores(predictor: Predictor, pictures: np.ndarray) -> np.ndarray:
    return predictor.card.rules.probabilities(predictor.logits(pictures))[:, -1]


def moved(before: np.ndarray, after: np.ndarray, control: np.ndarray) -> list[str]:
    """The cells of a row on how far meters moved.

    The share of meters of which any score moved in its third digit; of which the whole film's, or
    that without lungs, did; of which one of these two moved further than either did under
    `control`; that moved clearly; and for each score the median move in log odds.
    """
    seen = np.round(before, _DIGITS) != np.round(after, _DIGITS)
    far, usual = (np.abs(log_odds(scores) - log_odds(before)) for scores in (after, control))
    further = far[:, ::2].max(axis=1) > usual[:, ::2].max(axis=1)
    clearly = (far > _CLEAR).any(axis=1)
    shares = (seen.any(axis=1), seen[:, 0], seen[:, 2], further, clearly)
    moves = [*(share.mean() for share in shares), *np.median(far, axis=0)]
    return [f"{one:.3f}" for one in moves]


def black_before(predictor: Predictor, film: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lungs in black before the film is prepared."""
    left = lungs_out(film, widened(mask, film.shape))
    return predictor.card.preprocess.picture(left.astype(np.float32) / 255)


def black_after(predictor: Predictor, film: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lungs in black on the prepared picture, from which the film's borders are cut."""
    preprocess, bright = predictor.card.preprocess, film.astype(np.float32) / 255
    picture = preprocess.picture(bright)
    return lungs_out(picture, widened(mask, picture.shape, preprocess.crop(bright)))


def way(title: str, part: str, removed: np.ndarray, labels: np.ndarray, limit: float) -> list[str]:
    disease = labels == _COVID
    return [
        part,
        title,
        f"{np.median(removed[~disease]):.3f}",
        f"{np.median(removed[disease]):.3f}",
        f"{(removed[~disease] >= limit).mean():.3f}",
        f"{auroc(disease, removed):.3f}",
    ]


def warned(part: str, before: np.ndarray, labels: np.ndarray, limit: float) -> list[str]:
    called, disease = before[:, 0] >= limit, labels == _COVID
    warns = np.array(
        [explains(whole, only, removed, limit) for whole, only, removed in before.tolist()]
    )
    shares = [warns[called & among] for among in (disease, ~disease)]
    return [part, *(f"{one.mean():.3f} of {len(one)}" if len(one) else "–" for one in shares)]


def with_lungs(sample: Sample) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    found = sample.masks.mean(axis=(1, 2)) >= LEAST_LUNG
    films = [film for film, there in zip(sample.films, found, strict=True) if there]
    return films, sample.masks[found], sample.labels[found]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--films", type=int, default=100, help="of the test part")
    parser.add_argument("--held-out", type=int, default=50, help="of the held-out source")
    options = parser.parse_args()
    table, lungs = read_manifest(options.manifest), Lungs.load()
    predictor = Predictor.load(options.weights, gated=False)
    limit = predictor.card.rules.point(BALANCED).threshold
    moves, ways, warnings = [], [], []
    for part, count in ((Split.TEST, options.films), (Split.HELD_OUT, options.held_out)):
        sample = draw_sample(table, part, lungs, count=count, seed=0, workers=2)
        films, masks, labels = with_lungs(sample)
        before = meters(predictor, films, masks)
        after = {}
        for title, change in CHANGES.items():
            inputs = enumerate(zip(films, masks, strict=True))
            after[title] = meters(predictor, [change(*one, i) for i, one in inputs], masks)
        for title, scores in after.items():
            cells = moved(before, scores, after[_CONTROL])
            moves.append([part, str(len(films)), title, *cells])
        ways.append(way("whole film", part, before[:, 0], labels, limit))
        ways.append(way("painted over", part, before[:, 2], labels, limit))
        for title, cover in (("black", black_after), ("black, before", black_before)):
            left = [cover(predictor, *one) for one in zip(films, masks, strict=True)]
            scores = np.concatenate([_scores(predictor, one[np.newaxis]) for one in left])
            ways.append(way(title, part, scores, labels, limit))
        warnings.append(warned(part, before, labels, limit))
    lines = [
        *("Part", "Films", "Change", "Any score moved", "Whole moved", "Lungs removed moved"),
        *("Further than encoded anew", "Any clearly"),
        *(f"Median move, {score}" for score in SCORES),
    ]
    print(markdown.table(lines, moves), "\n")
    lines = [
        "Part",
        "Lungs removed by",
        "Median score, not COVID-19",
        "Median score, COVID-19",
        "Not COVID-19, above the balanced threshold",
        "AUROC",
    ]
    print(markdown.table(lines, ways), "\n")
    print(markdown.table(["Part", "Warned of calls, COVID-19", "Warned of calls, not"], warnings))


if __name__ == "__main__":
    main()

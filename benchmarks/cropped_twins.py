"""Films held out that are training films, cut otherwise: the search for twins misses them.

    python -m benchmarks.cropped_twins MANIFEST [--weights weights] [--part "held out"]

Twins are sought by whole pictures, shifted by two of 64 px at most. Here each film of the part is
cut by up to a twentieth on every side, or given as much margin, in all 625 ways of five steps, and
its hash is sought among those of the weights' training films. Prints whose nearest is at most 50 of
256 bits away: look at them. Then the weights' figures of the part, with those films and without
them. Half a second a film.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import Split, groups_of
from covid_core.explain.known_films import KnownFilms
from covid_core.explain.perceptual_hash import HASH_BITS, PICTURE, hashes_of
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import auroc_estimate, mean
from covid_core.model.card import WEIGHTS
from covid_core.predict.predictor import Predictor
from covid_core.present import markdown
from covid_core.read.grey_levels import eight_bits
from covid_core.read.reading import read_file

LIMIT = 50  # bits; pairs looked at were all of one picture up to here, and strangers from 53 on
STEPS = (-0.05, -0.025, 0, 0.025, 0.05)  # of a side, cut off or added at each edge
_SIDE_PX = 200
_MARGIN_PX = round(_SIDE_PX * max(STEPS))


def cuts(film: np.ndarray) -> np.ndarray:
    """A film, uint8 (H, W), cut in all ways: uint8 (625, 64, 64)."""
    square = Image.fromarray(film).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BILINEAR)
    wide = Image.fromarray(np.pad(np.asarray(square), _MARGIN_PX, mode="edge"))
    low, high, side = _MARGIN_PX, _MARGIN_PX + _SIDE_PX, PICTURE.size_px
    made = []
    for left, top, right, bottom in product([_SIDE_PX * step for step in STEPS], repeat=4):
        box = (low + left, low + top, high - right, high - bottom)
        made.append(np.asarray(wide.resize((side, side), Image.Resampling.BILINEAR, box)))
    return np.stack(made)


def nearest(pictures: np.ndarray, signs: np.ndarray) -> tuple[int, int]:
    """Bits to, and row of, the nearest of some hashes, given as signs, float32 (N, 256)."""
    apart = (HASH_BITS - as_signs(hashes_of(pictures)) @ signs.T) / 2
    return int(apart.min()), int(apart.argmin()) % len(signs)


def as_signs(hashes: np.ndarray) -> np.ndarray:
    """-1 or 1 for each bit, float32 (N, 256)."""
    return np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1


def figures(scores: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> list[str]:
    """Films, their accuracy, and the AUROC of COVID-19 against the rest.

    `scores`: probabilities, (N, 3).
    """
    covid = CLASSES.index(Finding.COVID)
    return [
        str(len(labels)),
        str(mean(scores.argmax(axis=1) == labels, groups)),
        str(auroc_estimate(labels == covid, scores[:, covid], groups)),
    ]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--part", type=Split, default=Split.HELD_OUT)
    options = parser.parse_args()
    predictor = Predictor.load(options.weights, gated=False)
    known = KnownFilms.load(options.weights, predictor.card)
    if known is None:
        parser.error("these weights have no index: python -m covid_core index MANIFEST")
    table, signs = read_manifest(options.manifest), as_signs(known.hashes)
    chosen = ((table["split"] == options.part.value) & (table["label"] != "")).to_numpy()
    twins, scores, rows = np.zeros(chosen.sum(), bool), [], []
    for at, path in enumerate(
        tqdm([Path(path) for path in table["path"][chosen]], unit="radiograph")
    ):
        film = read_file(path).film
        logits = predictor.logits(predictor.card.preprocess.picture(film)[np.newaxis])
        scores.append(predictor.card.rules.probabilities(logits[0]))  # as the card's figures are
        bits, row = nearest(cuts(eight_bits(film)), signs)
        if bits <= LIMIT:
            twins[at] = True
            one = known.film(row)
            rows.append([path.name, one.reference, one.split, str(bits)])
    rows.sort(key=lambda row: (int(row[-1]), row))
    print(markdown.table(["Film", "Known film", "Of the part", "Bits"], rows))
    print(f"\n{len(rows)} of {len(twins)} films of the part: {options.part.value}\n")
    labels = np.array([CLASSES.index(Finding(label)) for label in table["label"][chosen]])
    answers, groups = np.stack(scores), groups_of(table)[chosen]
    lines = [
        [title, *figures(answers[own], labels[own], groups[own])]
        for title, own in (("all", np.ones(len(twins), bool)), ("without them", ~twins))
    ]
    print(markdown.table(["Films", "n", "Accuracy", "AUROC of COVID-19"], lines))


if __name__ == "__main__":
    main()

"""What smoothing a film before its tone is equalised costs, and what it saves under noise.

    python -m benchmarks.smoothing MANIFEST [--smooth-px 0 0.7 1.2]

The weights stay as they are; only how films are prepared changes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import Split
from covid_core.evaluation.corruptions import corrupt
from covid_core.evaluation.robustness import mean_auroc
from covid_core.evaluation.sample import Sample, draw_sample, reader
from covid_core.model.card import WEIGHTS, WeightsCard
from covid_core.model.network_files import load_weights
from covid_core.model.networks import Network
from covid_core.predict.lungs import Lungs
from covid_core.present import markdown

NOISE = ("gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise")
STRENGTHS = (1, 2, 3)


def row(network: Network, card: WeightsCard, samples: dict[Split, Sample]) -> list[str]:
    """The mean AUROC over classes in each part, and what each noise costs in the first."""
    read = reader(network, card, torch.device("cpu"))
    intact = {
        part: mean_auroc(sample.labels, read(sample.films)) for part, sample in samples.items()
    }
    cells = [f"{card.preprocess.smooth_px:g}", *(f"{value:.3f}" for value in intact.values())]
    part, sample = next(iter(samples.items()))
    for noise in NOISE:
        drops = [
            intact[part]
            - mean_auroc(
                sample.labels,
                read([corrupt(film, noise, strength, i) for i, film in enumerate(sample.films)]),
            )
            for strength in STRENGTHS
        ]
        cells.append(f"{np.mean(drops):.3f}")
    return cells


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--smooth-px", type=float, nargs="+", default=[0.0, 0.7, 1.2])
    parser.add_argument("--films", type=int, default=90, help="of each part")
    options = parser.parse_args()
    network, card = load_weights(options.weights)
    table, lungs = read_manifest(options.manifest), Lungs.load()
    samples = {
        part: draw_sample(table, part, lungs, count=options.films, seed=0, workers=2)
        for part in (Split.VALIDATION, Split.HELD_OUT)
    }
    rows = [
        row(network, card.replace(preprocess=replace(card.preprocess, smooth_px=width)), samples)
        for width in options.smooth_px
    ]
    header = ["Smoothed by, px", *(f"AUROC, {part}" for part in samples)]
    print(
        markdown.table([*header, *(f"Lost to {noise.replace('_', ' ')}" for noise in NOISE)], rows)
    )


if __name__ == "__main__":
    main()

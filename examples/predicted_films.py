"""Films that a network was never trained on, each with the class it calls and the one on its label.

    python -m examples.predicted_films manifest.parquet --weights weights [--recipe NAME]
        [--films 16] [--out predicted.png]

As the notebooks of such studies end: a grid of test films, predicted against actual. The films are
drawn at random from the test part, that of the study's own split where the weights were trained
with `train.py --variant`, alike of each class; what is called otherwise than its label is in red.
The picture shows patients' films: keep it where these may be kept.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import Split
from covid_core.errors import CovidCoreError, DatasetError
from covid_core.findings import Finding
from covid_core.model.card import SHIPPED, WeightsCard
from covid_core.model.network_files import load_weights
from covid_core.model.tasks import task_of
from covid_core.read.reading import read_file
from covid_core.training.variant_names import Variant
from covid_core.training.variants import recipe_in, split_in

COLUMNS = 4


@dataclass(frozen=True, eq=False)
class CalledFilm:
    """One film: `picture`, as the network is shown it, uint8 (S, S), its label, and the call."""

    picture: np.ndarray
    actual: Finding
    predicted: Finding
    probability: float

    @property
    def is_right(self) -> bool:
        """Whether the call is the label."""
        return self.actual == self.predicted

    def describe(self) -> str:
        """The call with its probability, and the label, in two lines."""
        return (
            f"predicted {self.predicted.display_name} ({self.probability:.2f})\n"
            f"actual {self.actual.display_name}"
        )


def draw_films(table: pd.DataFrame, card: WeightsCard, films: int, *, seed: int) -> pd.DataFrame:
    """Rows of the test part, with the output that each stands for as `output`, alike of each.

    Raises CovidCoreError where the part has no film of the card's task.
    """
    variant = Variant(card.variant)
    if variant is not Variant.OURS:
        recipe = recipe_in(variant, card.recipe)
        table = split_in(variant, table, recipe, seed=int(card.training.get("seed", 0)))
    outputs = {str(finding): i for finding, i in task_of(card.classes).output_of.items()}
    rows = table[(table["split"] == Split.TEST.value) & table["label"].isin(list(outputs))]
    if rows.empty:
        raise DatasetError("no film of it is in the test part", "Give the manifest of the training")
    rows = rows.assign(output=rows["label"].map(outputs)).sample(frac=1, random_state=seed)
    turn = rows.groupby("output").cumcount()  # the first of each class, the second of each, …
    return rows.assign(turn=turn).sort_values(["turn", "output"], kind="stable").head(films)


def call_films(rows: pd.DataFrame, network: torch.nn.Module, card: WeightsCard) -> list[CalledFilm]:
    """The films of the rows with what the network calls them. Raises CovidCoreError."""
    pictures = np.stack([card.preprocess.picture(read_file(Path(path))) for path in rows["path"]])
    with torch.inference_mode():
        logits = network(card.preprocess.tensor(pictures)).double().numpy()
    probabilities = card.rules.probabilities(logits)
    return [
        CalledFilm(picture, card.classes[actual], card.classes[row.argmax()], float(row.max()))
        for picture, actual, row in zip(pictures, rows["output"], probabilities, strict=True)
    ]


def draw_grid(called: list[CalledFilm]) -> Figure:
    """The films, four in a row, those called otherwise than their label in red."""
    rows = -(-len(called) // COLUMNS)
    figure = Figure(figsize=(2.6 * COLUMNS, 3 * rows), layout="constrained")
    for axes in figure.subplots(rows, COLUMNS, squeeze=False).flat:
        axes.set_axis_off()
    for axes, film in zip(figure.axes, called, strict=False):
        axes.imshow(film.picture, cmap="gray", vmin=0, vmax=255)
        axes.set_title(
            film.describe(), fontsize="small", color="black" if film.is_right else "firebrick"
        )
    return figure


def main() -> None:
    """Draw the grid, and print how many were called by their label."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--recipe", default=SHIPPED)
    parser.add_argument("--films", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("predicted.png"))
    options = parser.parse_args()
    try:
        network, card = load_weights(options.weights, options.recipe)
        table = read_manifest(options.manifest)
        rows = draw_films(table, card, options.films, seed=options.seed)
        called = call_films(rows, network, card)
    except CovidCoreError as error:
        raise SystemExit(str(error)) from error
    draw_grid(called).savefig(options.out, dpi=120)
    print(f"{sum(film.is_right for film in called)} of {len(called)} called as labelled")


if __name__ == "__main__":
    main()

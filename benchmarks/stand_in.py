"""Films to train a stand-in for ImageNet's weights on: of none that a study trained or tested on.

    python -m benchmarks.stand_in manifest.parquet --recipe densenet121 --out stand-in.parquet
    python train.py --data stand-in.parquet --recipe benchmarks/stand-in.toml --out stand-in

The studies started from ImageNet's weights, which have seen no chest. Where these can't be had, a
network that has learnt children's pneumonia comes nearest, as long as it has seen no film of the
study, of its second source, or of a patient or picture in them, and none of COVID-19.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest, write_manifest
from covid_core.datasets.published import as_published
from covid_core.datasets.split import Split, groups_of, on_a_side
from covid_core.findings import Finding
from covid_core.training.variant_names import Variant, recipe_names
from covid_core.training.variants import recipe_in


def apart_from(table: pd.DataFrame, recipe: str) -> pd.DataFrame:
    """A manifest without COVID-19 and without all that belongs with a film of a recipe's study.

    It keeps its own split. Raises TrainingError, DatasetError.
    """
    protocol = recipe_in(Variant.AS_PUBLISHED, recipe).published
    assert protocol is not None
    groups = groups_of(table)
    studied = groups[on_a_side(as_published(table, protocol, seed=0))]
    left = np.isin(groups, studied) | (table["label"] == Finding.COVID.value).to_numpy()
    split = table["split"].where(~left, Split.NOT_TAKEN.value)
    return table.assign(split=split.where(split != Split.HELD_OUT.value, Split.NOT_TAKEN.value))


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--recipe", choices=recipe_names(), default="densenet121")
    parser.add_argument("--out", type=Path, default=Path("stand-in.parquet"))
    options = parser.parse_args()
    apart = apart_from(read_manifest(options.manifest), options.recipe)
    write_manifest(apart, options.out)
    print(apart[on_a_side(apart)].groupby(["source", "label", "split"]).size().to_string())


if __name__ == "__main__":
    main()

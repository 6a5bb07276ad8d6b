"""From a manifest through a network to a card's figures: which films count, what must be kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from covid_core.boxes import format_boxes
from covid_core.datasets.manifest import COLUMNS
from covid_core.datasets.split import fingerprint
from covid_core.errors import DatasetError
from covid_core.evaluation.source_films import load_source_films, select_films
from covid_core.evaluation.within_source import LUNG_OPACITY, OTHER_ABNORMALITY
from covid_core.evaluation.within_source_measurement import (
    add_within_sources,
    measure_boxes,
    measure_within_sources,
)
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.model.decision import Rules
from covid_core.model.results import NEW_FILMS, UNSEEN, Results
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import png
from tests.models import OneCell

pytestmark = pytest.mark.usefixtures("few_resamples")

CPU = torch.device("cpu")
ROW, COLUMN = 5, 1  # the cell that the network looks at, of 7 x 7
BOX = ((0.1, 0.65, 0.35, 0.9),)  # around it
EACH = 12  # films of each kind in each part


class OneCellTwice(OneCell):
    """The same with an opacity map, hot where it looks, and appearances: the brighter, the more
    typical."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__(row, column)
        self.appearance: Any = nn.Linear(1, 4, bias=False)
        with torch.no_grad():
            self.appearance.weight.copy_(torch.tensor([[-1.0], [1.0], [-1.0], [-1.0]]))

    def maps(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        features = self.feature_map(x)
        return features, features


def draw_film(path: Path, bright: bool, seed: int) -> None:
    film = np.random.default_rng(seed).integers(2, 20, (224, 224)).astype(np.uint8)
    if bright:
        film[168:184, 38:54] = 250
    film[-24:, :24] = 0  # the darkest and the brightest are in every film
    film[-24:, -24:] = 255
    path.write_bytes(png(film))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """`siim`, held out, with typical and negative films; `rsna` on all sides; `old`, as ever."""
    place = tmp_path_factory.mktemp("films")
    rows = []

    def add(source: str, split: str, bright: bool, **row: str) -> None:
        i = len(rows)
        path = place / f"{i}.png"
        draw_film(path, bright, i)
        whole = dict.fromkeys(COLUMNS, "") | {"appearance": "", "boxes": ""}
        whole |= {"path": str(path), "source": source, "patient": f"{i}", "split": split}
        whole |= {"age": 40.0, "view": ("AP", "PA")[i % 2], "width": 224, "height": 224}
        whole |= {"sha256": f"{i:064x}", "duplicate_group": i}
        rows.append(whole | row)

    boxed = {"boxes": format_boxes(BOX)}
    for _ in range(EACH):
        add("siim", "held out", True, label="covid", appearance="typical", **boxed)
        add("siim", "held out", False, label="normal", appearance="negative", boxes="[]")
        add("siim", "held out", False, appearance="indeterminate", **boxed)
        for split in ("train", "test"):
            add("rsna", split, True, label="pneumonia", finding=LUNG_OPACITY, **boxed)
            add("rsna", split, False, finding=OTHER_ABNORMALITY, boxes="[]")
        for split in ("train", "validation", "test"):
            add("old", split, False, label="normal", finding="Normal")
    kinds = {name: kind for name, (kind, _) in COLUMNS.items()}
    return pd.DataFrame(rows).astype(kinds)


@pytest.fixture(scope="module")
def card() -> WeightsCard:
    card = read_card(WEIGHTS)
    return card.replace(preprocess=Preprocess(size_px=112), rules=Rules.plain(3), results=Results())


def test_only_films_of_both_kinds_that_never_trained_are_measured(table: pd.DataFrame) -> None:
    chosen = table[select_films(table)]
    assert set(chosen["source"]) == {"siim", "rsna"}
    assert set(chosen["split"]) == {"held out", "test"}
    assert len(chosen) == 5 * EACH
    old = table[table["source"] == "old"].drop(columns=["appearance", "boxes"], errors="ignore")
    assert not select_films(old).any(), "a manifest without these columns, made before"


def test_figures_by_source_and_population(
    table: pd.DataFrame, card: WeightsCard, tmp_path: Path
) -> None:
    films = load_source_films(table, card, tmp_path, workers=1)
    network = OneCellTwice(ROW, COLUMN)
    found = measure_within_sources(network, card, films, device=CPU)  # type: ignore[arg-type]
    assert {source: list(own) for source, own in found.items()} == {
        "rsna": [NEW_FILMS],
        "siim": [UNSEEN],
    }
    siim, rsna = found["siim"][UNSEEN], found["rsna"][NEW_FILMS]
    assert siim.films == 3 * EACH and rsna.films == 2 * EACH
    assert siim.contrasts["typical against negative"]["p_covid"]["all"].value == 1
    assert siim.negatives["called normal"].value == 1
    assert "opacity against other abnormality" in rsna.contrasts
    assert siim.appearance["typical"].auroc.value == 1
    assert rsna.appearance is None
    maps = siim.maps["covid"]
    assert maps.films == EACH
    assert maps.peak.value == 1 and maps.heat.value > 5
    assert maps.random.peak.n
    assert siim.maps["opacity"].peak.value == 1
    assert siim.maps["opacity"].films == 2 * EACH, "the indeterminate ones have boxes too"
    assert set(siim.maps) == {"covid", "opacity"}, "a class's map is measured on its own films"
    assert set(rsna.maps) == {"pneumonia", "opacity"}


def test_boxes_alone_are_those_of_the_whole(
    table: pd.DataFrame, card: WeightsCard, tmp_path: Path
) -> None:
    films = load_source_films(table, card, tmp_path, workers=1)
    network = OneCell(ROW, COLUMN)
    boxes = measure_boxes(network, card, films, device=CPU)  # type: ignore[arg-type]
    whole = measure_within_sources(network, card, films, device=CPU)  # type: ignore[arg-type]
    assert str(boxes["siim"][UNSEEN]) == str(whole["siim"][UNSEEN].maps)


def test_a_card_states_on_which_manifest_it_was_measured(
    table: pd.DataFrame, card: WeightsCard, tmp_path: Path
) -> None:
    settings = {"workers": 1, "device": CPU}
    network = OneCell(ROW, COLUMN)
    measured = add_within_sources(network, card, table, tmp_path, **settings)  # type: ignore[arg-type]
    assert set(measured.results.given()) == {"within_source", "within_source_split"}
    assert measured.results.within_source_split == fingerprint(table)
    old = table[table["source"] == "old"]
    assert add_within_sources(network, card, old, tmp_path, **settings) is card  # type: ignore[arg-type]


def test_a_film_that_is_gone_is_named(
    table: pd.DataFrame, card: WeightsCard, tmp_path: Path
) -> None:
    gone = table.assign(path=[f"{path}.gone" for path in table["path"]])
    with pytest.raises(DatasetError, match="not there"):
        load_source_films(gone, card, tmp_path, workers=1)

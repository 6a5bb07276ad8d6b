"""`evaluate --into-card`: figures within sources go into a card, and nothing else of it changes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from covid_core.__main__ import main
from covid_core.datasets.manifest import COLUMNS
from covid_core.datasets.split import fingerprint
from covid_core.model.card import read_card
from covid_core.model.results import UNSEEN, Results
from covid_core.model_card.within_source import within_source_section
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.models import random_network, save_network

pytestmark = pytest.mark.usefixtures("few_resamples")

EACH = 10  # films of an appearance


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`old.parquet`, on which weights say that they were trained; `more.parquet`, which adds a
    source with radiographs of both kinds, held out."""
    place = tmp_path_factory.mktemp("evaluate")
    rows = []
    for i in range(3 * EACH):
        film = place / f"{i}.png"
        film.write_bytes(png(draw_phantom(KINDS[i % 3], size_px=160, seed=i)))
        row = dict.fromkeys(COLUMNS, "") | {"path": str(film), "patient": f"{i}", "view": "PA"}
        row |= {"age": 40.0, "width": 160, "height": 160, "sha256": f"{i:064x}"}
        row |= {"duplicate_group": i, "appearance": "", "boxes": ""}
        if i % 3 == 0:
            row |= {"source": "old", "split": "train", "label": "normal"}
        elif i % 3 == 1:
            row |= {"source": "both", "split": "held out", "label": "normal"}
            row |= {"appearance": "negative", "boxes": "[]"}
        else:
            row |= {"source": "both", "split": "held out", "label": "covid"}
            row |= {"appearance": "typical", "boxes": "[[0.1, 0.5, 0.4, 0.9]]"}
        rows.append(row)
    table = pd.DataFrame(rows).astype({name: kind for name, (kind, _) in COLUMNS.items()})
    old = table[table["source"] == "old"]
    table.to_parquet(place / "more.parquet")
    old.to_parquet(place / "old.parquet")
    twins = table["duplicate_group"].mask(table["appearance"] == "typical", 0)
    moved = table.assign(
        split=table["split"].replace({"train": "validation"}), duplicate_group=twins
    )
    moved.to_parquet(place / "moved.parquet")
    save_network(
        random_network(),
        place / "weights",
        preprocess=Preprocess(size_px=64),
        films={"train": {"old": {"normal": EACH}}},
        results=Results(shared=0.5),
        full_heat=0.1,
        split=fingerprint(old),
    )
    return place


def evaluate(place: Path, manifest: str, *more: str) -> int:
    shared = ["--weights", str(place / "weights"), "--cache", str(place / "cache")]
    return main(["evaluate", str(place / manifest), *shared, "--into-card", *more])


def test_a_card_takes_the_figures_and_keeps_the_rest(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_card(place / "weights")
    assert evaluate(place, "more.parquet") == 0
    after = read_card(place / "weights")
    found = after.results.within_source
    assert after.results.within_source_split == fingerprint(pd.read_parquet(place / "more.parquet"))
    assert after.replace(results=Results(shared=0.5)) == before
    assert found["both"][UNSEEN].films == 2 * EACH
    assert found["both"][UNSEEN].maps["covid"].films == EACH
    assert within_source_section(after) in capsys.readouterr().out


def test_nothing_is_measured_on_films_that_may_have_trained(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (place / "weights" / "densenet121.json").read_bytes()
    assert evaluate(place, "moved.parquet") != 0
    assert "trained on another split" in capsys.readouterr().err
    assert evaluate(place, "moved.parquet", "--trained-on", str(place / "old.parquet")) != 0
    assert "10 radiographs to be measured are, or belong with" in capsys.readouterr().err
    assert evaluate(place, "old.parquet") != 0
    assert "no source with radiographs of both kinds" in capsys.readouterr().err
    assert (place / "weights" / "densenet121.json").read_bytes() == before

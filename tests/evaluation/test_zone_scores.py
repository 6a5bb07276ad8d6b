"""A map that follows the radiologists' scores is distinguished from one that does not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from covid_core.datasets.manifest import COLUMNS
from covid_core.datasets.split import Split
from covid_core.errors import DatasetError
from covid_core.evaluation.zone_scores import (
    READERS,
    ROWS,
    ZonedFilm,
    measure_agreement,
    read_zone_scores,
    zones_against_scores,
)
from covid_core.explain.lung_zones import ZONES
from covid_core.findings import Finding
from covid_core.model.card import WEIGHTS
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom

pytestmark = pytest.mark.usefixtures("few_resamples")

RISING = np.arange(6.0)


def film(group: int, *, attention: np.ndarray = RISING, **changes: object) -> ZonedFilm:
    """Scored ever worse from zone to zone, by both alike; zones of one size, ever darker."""
    given = {"scores": np.stack([RISING, RISING]), "covid": 0.9, "ill": True, "called": True}
    given |= {"passed": True, "area": np.full(6, 1 / 6), "grey": -RISING, "group": group} | changes
    return ZonedFilm(attention=attention / 15, **given)  # type: ignore[arg-type]


def correlations(films: list[ZonedFilm]) -> dict[str, float]:
    rows = measure_agreement(films).rows
    return {name: row.correlation.value for name, row in rows.items()}


def test_each_row_is_the_mean_of_its_films_rank_correlations() -> None:
    against = film(1, attention=RISING[::-1], passed=False, called=False)
    films = [film(0), against, film(2), film(3, attention=RISING**3)]
    found = correlations(films)
    assert found["map"] == pytest.approx((1 - 1 + 1 + 1) / 4), "by rank, not by size"
    assert measure_agreement(films).clearly_leads is None, "zones of one size can't be led"
    assert found["passed"] == found["called"] == pytest.approx(1)
    assert found["grey"] == pytest.approx(-1) and found["reader"] == pytest.approx(1)
    assert math.isnan(found["area"]), "zones of one size have no order"
    assert list(found) == list(ROWS)


def test_a_film_without_an_order_does_not_count() -> None:
    everywhere = film(1, scores=np.full((2, 6), 3.0))
    rows = measure_agreement([film(0), everywhere, film(2)]).rows
    counts = {name: row.correlation.n for name, row in rows.items()}
    assert counts == {name: 0 if name == "area" else 2 for name in ROWS}


@pytest.mark.parametrize(
    ("grey", "leads"), [(RISING[::-1], True), (RISING, False), (np.ones(6), None)]
)
def test_a_map_tells_zones_where_it_is_clearly_above_what_knows_nothing(
    grey: np.ndarray, leads: bool | None
) -> None:
    films = [film(i, grey=grey, area=RISING[[1, 0, 3, 2, 5, 4]]) for i in range(4)]
    found = measure_agreement(films)
    assert found.clearly_leads is leads
    assert found.leads["area"].value == pytest.approx(1 - 29 / 35)
    unseen = [film(9, attention=RISING[::-1], grey=-RISING, area=-RISING, passed=False)]
    again = measure_agreement(films + unseen)
    assert again.clearly_leads is leads, "maps that are not shown have no say"


def test_the_other_reader_is_held_against_the_first() -> None:
    found = correlations([film(i, scores=np.stack([RISING, RISING[::-1]])) for i in range(3)])
    assert found["reader"] == pytest.approx(-1)
    assert math.isnan(found["map"]), "where two contradict each other, their mean has no order"


def test_severity_is_of_films_of_covid_alone() -> None:
    films = [
        film(i, covid=i / 10, ill=i < 8, scores=np.full((2, 6), float(i if i < 8 else -i)))
        for i in range(10)
    ]
    assert measure_agreement(films).severity.value == pytest.approx(1)
    assert measure_agreement(films).severity.n == 8
    assert measure_agreement(films).films == 10


def test_films_of_one_patient_are_one_piece_of_evidence() -> None:
    maps = [RISING, RISING[::-1]] * 20
    alone = measure_agreement([film(i, attention=one) for i, one in enumerate(maps)])
    two = measure_agreement([film(i % 2, attention=one) for i, one in enumerate(maps)])
    narrow, wide = (found.rows["map"].correlation for found in (alone, two))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def table_of(path: Path, names: list[str]) -> Path:
    """Both readers score each zone alike, from 0 to 3, the worse the later the name."""
    columns = [f"{reader}-{zone}" for reader in READERS for zone in ZONES]
    rows = [np.tile([0, 0, 0, 1, 1, 1 + min(i, 2)], 2) for i in range(len(names))]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "filename", names)
    table.assign(**{"S-Global": 15}).to_csv(path, index=False)
    return path


def test_scores_are_read_by_name_reader_and_zone(tmp_path: Path) -> None:
    scores = read_zone_scores(table_of(tmp_path / "scores.csv", ["a.png", "b.jpg"]))
    assert list(scores) == ["a.png", "b.jpg"]
    assert scores["b.jpg"].tolist() == [[0, 0, 0, 1, 1, 2]] * 2


def odd(change: dict[str, object]) -> bytes:
    columns = [f"{reader}-{zone}" for reader in READERS for zone in ZONES]
    rows = [{"filename": name, **dict.fromkeys(columns, 1)} for name in ("a.png", "b.png")]
    return pd.DataFrame([rows[0], rows[1] | change]).to_csv(index=False).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"filename,S-A\na.png,1\n",
        b"",
        b"\xff\xfe\x00",
        odd({"filename": "a.png"}),
        odd({"S-A": None}),
        odd({"J-F": 4}),
        odd({"J-F": "x"}),
    ],
)
def test_another_table_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"other\.csv: no zone scores can be read"):
        read_zone_scores(path)
    with pytest.raises(DatasetError, match="public-annotations"):
        read_zone_scores(tmp_path / "missing.csv")


def manifest_of(place: Path, count: int, split: Split) -> pd.DataFrame:
    rows = []
    for i in range(count):
        path = place / f"{i}.png"
        path.write_bytes(png(draw_phantom(KINDS[-1], size_px=256, seed=i)))
        row = dict.fromkeys(COLUMNS, "") | {"path": str(path), "label": "covid", "patient": f"{i}"}
        row |= {"source": "away", "split": split.value, "sha256": f"{i:064x}"}
        rows.append(row | {"age": 40.0, "width": 256, "height": 256, "duplicate_group": i})
    return pd.DataFrame(rows).astype({name: kind for name, (kind, _) in COLUMNS.items()})


def test_films_that_never_trained_are_zoned_and_no_others(tmp_path: Path) -> None:
    table = manifest_of(tmp_path, 3, Split.HELD_OUT)
    scores = read_zone_scores(table_of(tmp_path / "scores.csv", ["0.png", "2.png", "9.png"]))
    predictor, lungs = Predictor.load(WEIGHTS, gated=False), Lungs.load()
    found = zones_against_scores(predictor, lungs, table, scores)
    assert (found.films, found.left_out, found.sources) == (2, 0, ("away",))
    counts = [found.rows[name].correlation.n for name in ("map", "area", "grey", "reader")]
    assert counts == [2] * 4
    assert found.severity.n == 2, "of COVID-19, and one worse than the other"
    other = table.assign(label=Finding.PNEUMONIA.value)
    found = zones_against_scores(predictor, lungs, other, scores)
    assert found.rows["called"].correlation.n == found.severity.n == 0
    trained = table.assign(split=Split.TRAIN.value)
    with pytest.raises(DatasetError, match="0 radiographs have zone scores"):
        zones_against_scores(predictor, lungs, trained, scores)

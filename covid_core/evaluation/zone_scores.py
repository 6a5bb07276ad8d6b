"""Whether the map points at the lung zones that radiologists scored as ill.

The Brixia score gives each of six lung zones 0 to 3 (Borghesi and Maroldi 2020). Its authors scored
films of the public COVID-19 image data collection, by two radiologists (Signoroni et al. 2021), and
publish a table of them. Over the six zones of a film, the share of the map of COVID-19 either goes
with the scores or does not: Spearman's rank correlation, its mean over films bootstrapped over
patients. Beside it stand what the map must beat, which knows nothing of the disease or of the
network (how large each zone is, how bright), and what it might reach (the other radiologist).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from tqdm import tqdm

from covid_core.datasets.split import MEASURED, groups_of
from covid_core.errors import DatasetError
from covid_core.explain.lung_zones import ZONES, attention_by_zone, zone_masks
from covid_core.explain.map_tests import check_map
from covid_core.findings import Finding
from covid_core.metrics import NO_ESTIMATE, Estimate, estimate, mean
from covid_core.model.audit import ZoneRow, Zones
from covid_core.predict.lungs import PREPROCESS, Lungs
from covid_core.predict.predictor import Predictor
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_file

READERS = ("S", "J")
"""The published table's letters for its two radiologists."""
WORST = 3  # of a zone's score
ROWS = {
    "map": "share of the map",
    "passed": "share of the map, maps that pass their test",
    "called": "share of the map, films of COVID-19 called so",
    "area": "share of the lungs' area",
    "grey": "mean grey",
    "reader": "the one radiologist, with the other",
}
OF_THE_MAP = ("map", "passed", "called")


@dataclass(frozen=True, slots=True, eq=False)
class ZonedFilm:
    """One film's zones, in the order of ZONES, float64 (6,).

    `attention`: shares of the map; `area`: of the lungs; `grey`: the mean level; `scores`: (2, 6),
    one row a radiologist. `covid`: the film's score for it, 0 to 1; `ill`: by its label; `called`:
    at the balanced point. `passed`: the map, its self-test. `group`: its patient, or set of
    same pictures.
    """

    attention: np.ndarray
    area: np.ndarray
    grey: np.ndarray
    scores: np.ndarray
    covid: float
    ill: bool
    called: bool
    passed: bool
    group: int


def read_zone_scores(path: Path) -> dict[str, np.ndarray]:
    """Scores by name of file, float64 (2, 6), 0 to 3.

    `path`: a CSV table as the Brixia score's authors publish it, of `filename`, `S-A` to `S-F`,
    `J-A` to `J-F`. Raises DatasetError.
    """
    columns = [f"{reader}-{zone}" for reader in READERS for zone in ZONES]
    try:
        table = pd.read_csv(path, usecols=["filename", *columns])
        scores = table[columns].to_numpy(np.float64)
    except (OSError, ValueError) as error:
        raise _unread(path, str(error)) from error
    names = table["filename"].astype(str)
    odd = names.duplicated().to_numpy() | ~np.isin(scores, range(WORST + 1)).all(axis=1)
    if odd.any():
        raise _unread(path, f"{names[odd].iloc[0]} stands twice, or has scores that are none")
    return dict(zip(names, scores.reshape(-1, len(READERS), len(ZONES)), strict=True))


def _unread(path: Path, why: str) -> DatasetError:
    return DatasetError(
        f"no zone scores can be read from it ({why})",
        "Give the Brixia score's public-annotations.csv, as its authors publish it",
        file=str(path),
    )


def zones_against_scores(
    predictor: Predictor, lungs: Lungs, table: pd.DataFrame, scores: dict[str, np.ndarray]
) -> Zones:
    """The agreement on films of a manifest's test part and held-out sources that are scored.

    `left_out`: how many have no two lungs, or nothing of the map in them. Raises DatasetError where
    no film is left, RefusedFile.
    """
    names = table["path"].map(lambda path: Path(path).name)
    own = table["split"].isin([side.value for side in MEASURED]) & names.isin(list(scores))
    chosen = table[own].assign(name=names[own], group=groups_of(table)[own])
    films = list(_zoned(predictor, lungs, chosen, scores))
    if not films:
        raise DatasetError(
            f"of the test part and the held-out sources {len(chosen)} radiographs have zone scores,"
            " and none of them has both lungs and a map in them",
            "Hold the COVID-19 image data collection out, or leave --zone-scores away",
        )
    return measure_agreement(films).replace(
        sources=tuple(sorted(chosen["source"].unique())), left_out=len(chosen) - len(films)
    )


def measure_agreement(films: Sequence[ZonedFilm]) -> Zones:
    """How the maps' shares go with the scores.

    `films`: how many. `rows`, by name of ROWS: `title`; `correlation`, the mean over films of the
    rank correlation over six zones with the mean of both scores, as an estimate, whose `n` counts
    the films in which both have an order at all. `leads`: how far maps that pass their test, the
    only ones shown, are above area and brightness on the same films. `clearly_leads`: whether
    they clearly are above both; None where that can't be measured. `severity`: the rank correlation
    over films of COVID-19 of its score with the sum of the scores.
    """
    groups = np.array([film.group for film in films])
    means = [film.scores.mean(axis=0) for film in films]
    maps = _ranked([film.attention for film in films], means)
    baselines = {
        name: _ranked([getattr(film, name) for film in films], means) for name in ("area", "grey")
    }
    readers = _ranked(*([film.scores[one] for film in films] for one in range(len(READERS))))
    ill = np.array([film.ill for film in films], bool)
    passed = np.array([film.passed for film in films], bool)
    called = ill & np.array([film.called for film in films], bool)
    correlations = {
        "map": mean(maps, groups),
        "passed": mean(maps[passed], groups[passed]),
        "called": mean(maps[called], groups[called]),
        **{name: mean(found, groups) for name, found in baselines.items()},
        "reader": mean(readers, groups),
    }
    leads = {
        name: mean((maps - found)[passed], groups[passed]) for name, found in baselines.items()
    }
    measured = all(lead.n for lead in leads.values())
    covid, worst = np.array([film.covid for film in films]), np.array(means).sum(axis=1)
    return Zones(
        films=len(films),
        rows={
            name: ZoneRow(title=title, correlation=correlations[name])
            for name, title in ROWS.items()
        },
        leads=leads,
        clearly_leads=all(lead.low > 0 for lead in leads.values()) if measured else None,
        severity=_over_films(covid[ill], worst[ill], groups[ill]),
    )


def _zoned(
    predictor: Predictor, lungs: Lungs, chosen: pd.DataFrame, scores: dict[str, np.ndarray]
) -> Iterator[ZonedFilm]:
    for row in tqdm(chosen.itertuples(), "zones", total=len(chosen), unit="radiograph"):
        ill = row.label == Finding.COVID.value
        found = _film(predictor, lungs, read_file(Path(row.path)), scores[row.name], ill, row.group)
        if found is not None:
            yield found


def _film(
    predictor: Predictor,
    lungs: Lungs,
    radiograph: Radiograph,
    scores: np.ndarray,
    ill: bool,
    group: int,
) -> ZonedFilm | None:
    prediction, inside = predictor.predict(radiograph), lungs.inside(radiograph)
    saliency = predictor.explain(prediction, Finding.COVID)
    attention = attention_by_zone(saliency, inside)
    zones = zone_masks(inside)
    if attention is None or zones is None:
        return None
    film = PREPROCESS.picture(radiograph.film)
    return ZonedFilm(
        attention=np.array(attention),
        area=zones.sum(axis=(1, 2)) / zones.sum(),
        grey=np.array([film[zone].mean() for zone in zones]),
        scores=scores,
        covid=prediction.probability(Finding.COVID),
        ill=ill,
        called=prediction.decision.positive,
        passed=check_map(predictor, prediction, saliency, inside).passed,
        group=group,
    )


def _ranked(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> np.ndarray:
    """Spearman's correlation of each film's two rows of six, float64 (films,).

    NaN where either has no order.
    """
    return np.array(
        [
            spearmanr(*pair).statistic if _ordered(*pair) else np.nan
            for pair in zip(ours, theirs, strict=True)
        ]
    )


def _over_films(ours: np.ndarray, theirs: np.ndarray, groups: np.ndarray) -> Estimate:
    if not _ordered(ours, theirs):
        return NO_ESTIMATE

    def statistic(weights: np.ndarray) -> float:
        drawn = np.repeat(np.arange(len(ours)), weights.astype(int))
        both = ours[drawn], theirs[drawn]
        return float(spearmanr(*both).statistic) if _ordered(*both) else np.nan

    return estimate(statistic, groups, len(ours))


def _ordered(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return len(ours) > 0 and bool(min(np.ptp(ours), np.ptp(theirs)) > 0)

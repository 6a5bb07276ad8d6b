"""The index of a network's films, made of the manifest that it was trained by.

In it are the films that trained, those that chose and calibrated, and the further copies of both
that the manifest left out as twins. Features, for the search of the nearest, are kept only of those
that trained: the means of the network's feature maps, in their principal components.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
from tqdm import tqdm

from covid_core.datasets.cache import cached_pictures, every_picture
from covid_core.datasets.layouts import LAYOUTS
from covid_core.datasets.split import Split, fingerprint, groups_of, on_a_side
from covid_core.errors import DatasetError, listed
from covid_core.explain.known_index import COLUMNS, FilmArrays, IndexCard, joined, write_index
from covid_core.explain.perceptual_hash import PICTURE, hashes_of
from covid_core.model.card import WeightsCard
from covid_core.model.tasks import task_of
from covid_core.predict.predictor import Predictor
from covid_core.sources import stated_ages

COMPONENTS = 64  # of the features
_AT_ONCE = 16
_ORDER = (Split.TRAIN, Split.VALIDATION, Split.TWIN)
_ADULT = 18  # years
_AGES = ((_ADULT, "child"), (40, "18 to 39"), (60, "40 to 59"), (np.inf, "60 and over"))


def index_films(
    folder: Path, card: WeightsCard, table: pd.DataFrame, cache: Path, *, workers: int
) -> IndexCard:
    """Make the index of the films that made these weights, and write it beside them.

    `table`: the manifest that they were trained by. `cache`: of decoded films. Raises DatasetError
    where it is another, or where its films are not there as it says; WeightsError.
    """
    if fingerprint(table) != card.split:
        raise DatasetError(
            "it is not the manifest that these weights were trained by: the split differs",
            "Give that one, or train the weights anew",
        )
    table = table.assign(group=groups_of(table))
    known = known_films(table, card)
    pictures = _pictures(known, cache, workers)
    features = features_of(Predictor.load(folder, card.recipe, gated=False), table, cache, workers)
    coded, words = _codes(known)
    mean, projection = components(features)
    films = FilmArrays(
        references=joined(references(known)),
        sha256=np.array([list(bytes.fromhex(one)) for one in known["sha256"]], np.uint8),
        hashes=hashes_of(pictures),
        groups=known["group"].to_numpy(np.int32),
        codes=coded,
        features=in_bytes((features - mean) @ projection.astype(np.float32)),
        projection=projection,
        mean=mean,
    )
    counts = {str(split): int(count) for split, count in known["split"].value_counts().items()}
    return write_index(
        folder,
        card.recipe,
        films,
        weights=card.sha256,
        manifest=card.split,
        words=words,
        counts=counts,
    )


def known_films(table: pd.DataFrame, card: WeightsCard) -> pd.DataFrame:
    """The manifest's rows that belong in the index, those that trained first.

    Of twins only copies of films that trained, chose or calibrated: a copy of a test film is not
    known to the network. Of classes only those that it was asked about.
    """
    asked = table["label"].isin([str(finding) for finding in task_of(card.classes).of])
    used = table["split"].isin([Split.TRAIN.value, Split.VALIDATION.value]) & asked
    twins = (table["split"] == Split.TWIN.value) & table["duplicate_group"].isin(
        table["duplicate_group"][used]
    )
    known = table[used | twins]
    order = known["split"].map({split.value: place for place, split in enumerate(_ORDER)})
    return known.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def features_of(predictor: Predictor, table: pd.DataFrame, cache: Path, workers: int) -> np.ndarray:
    """The means of the feature maps of the films that trained, float32 (T, C), in their order."""
    used = table[on_a_side(table)]  # as training has them in its cache
    asked = [str(finding) for finding in task_of(predictor.card.classes).of]
    trained = (used["split"] == Split.TRAIN.value) & used["label"].isin(asked)
    preprocess = predictor.card.preprocess
    pictures, _ = cached_pictures(
        [Path(path) for path in used["path"]], preprocess, cache, workers=workers
    )
    rows = np.flatnonzero(trained.to_numpy())
    found = []
    for start in tqdm(range(0, len(rows), _AT_ONCE), "features of films", unit="batch"):
        x = preprocess.input(np.asarray(pictures[rows[start : start + _AT_ONCE]]))
        found.append(predictor.feature_maps(x).mean(axis=(2, 3)))
    return np.concatenate(found)


def components(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The films' mean, float32 (C,), and their first principal components, float16 (C, D)."""
    mean = features.mean(axis=0)
    centred = features - mean
    vectors = np.linalg.eigh(centred.T.astype(np.float64) @ centred)[1]
    return mean, vectors[:, ::-1][:, :COMPONENTS].astype(np.float16)


def in_bytes(rows: np.ndarray) -> np.ndarray:
    """Rows as int8, each to its own scale, which a cosine does not feel."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return np.rint(rows * (127 / np.maximum(largest, 1e-12))).astype(np.int8)


def references(known: pd.DataFrame) -> list[str]:
    """Of each film its source, a slash, and where it lies in that dataset's folder."""
    found = np.empty(len(known), object)
    for source, films in known.groupby("source"):
        paths = [PurePath(path) for path in films["path"]]
        root = _root(str(source), paths)
        found[films.index] = [f"{source}/{path.relative_to(root).as_posix()}" for path in paths]
    return [str(one) for one in found]


def age_group(age: float, source: str) -> str:
    """`child`, `18 to 39`, …; empty where neither the film nor its source tells.

    `age`: years, or NaN.
    """
    if not np.isnan(age):
        return next(name for limit, name in _AGES if age < limit)
    least, most = stated_ages(source) or (0.0, np.inf)
    return "child" if most < _ADULT else "18 and over" if least >= _ADULT else ""


def _root(source: str, paths: Sequence[PurePath]) -> PurePath:
    """The dataset's folder, as its users have it: named by the source, or one that its layout
    recognises; else what all its films' folders share.
    """
    shared = PurePath(os.path.commonpath([path.parent for path in paths]))
    above = (shared, *shared.parents)
    layouts = [layout for layout in LAYOUTS if source == layout.SOURCE]
    known = [one for one in above if any(layout.recognises(Path(one)) for layout in layouts)]
    return next(iter([*(one for one in above if one.name == source), *known, shared]))


def _pictures(known: pd.DataFrame, cache: Path, workers: int) -> np.ndarray:
    """What is hashed of each film, uint8 (N, 64, 64).

    Raises DatasetError where a file is not the one that the manifest saw.
    """
    paths = [Path(path) for path in known["path"]]
    changed = [
        path
        for path, sha256 in zip(paths, known["sha256"], strict=True)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256
    ]
    if changed:
        raise DatasetError(
            f"films of the manifest are not there, or changed since{listed(changed)}",
            "Put them where they were, as they were",
        )
    return every_picture(paths, PICTURE, cache, workers=workers)


def _codes(known: pd.DataFrame) -> tuple[np.ndarray, dict[str, list[str]]]:
    """Of each film a code in each of COLUMNS, uint8 (N, 5), and what the codes mean."""
    ages = zip(known["age"], known["source"], strict=True)
    told = {
        "source": known["source"],
        "finding": known["label"],
        "view": known["view"].where(known["view"] != "unknown", ""),
        "age_group": pd.Series([age_group(age, source) for age, source in ages]),
        "split": known["split"],
    }
    words = {name: sorted(set(told[name].astype(str))) for name in COLUMNS}
    crowded = [name for name, each in words.items() if len(each) > 256]
    if crowded:
        raise DatasetError(
            f"its films are of more than 256 kinds of {crowded[0]}", "Give fewer sources at once"
        )
    codes = [[words[name].index(one) for one in told[name].astype(str)] for name in COLUMNS]
    return np.array(codes, np.uint8).T, words

"""The index of the films that made a network, built from the manifest that it was trained on.

It holds the films that trained it, those that chose its epoch and calibrated it, and the copies of
both that the manifest left out as twins. Features, for the search of similar films, are kept only
of those that trained: the means of the network's feature maps, in their principal components.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
from tqdm import tqdm

from covid_core.datasets.cache import every_picture
from covid_core.datasets.layouts import LAYOUTS
from covid_core.datasets.split import Split, fingerprint, groups_of, on_a_side
from covid_core.errors import DatasetError, listed
from covid_core.explain.known_index import COLUMNS, FilmArrays, IndexCard, joined, write_index
from covid_core.explain.perceptual_hash import PICTURE, hashes_of
from covid_core.model.card import WeightsCard
from covid_core.model.tasks import task_of
from covid_core.predict.predictor import Predictor
from covid_core.read.radiograph import ADULT_YEARS
from covid_core.sources import stated_ages

COMPONENTS = 64  # of the features
_AT_ONCE = 16
_ORDER = (Split.TRAIN, Split.VALIDATION, Split.TWIN)
_AGES = ((ADULT_YEARS, "child"), (40, "18 to 39"), (60, "40 to 59"), (np.inf, "60 and over"))


def index_films(
    folder: Path, card: WeightsCard, table: pd.DataFrame, cache: Path, *, workers: int
) -> IndexCard:
    """The card of the index of the films that made these weights, written beside them.

    `table`: the manifest that they were trained on. `cache`: of decoded films. Raises DatasetError
    where it is another manifest, or where its films are gone or changed; WeightsError.
    """
    if fingerprint(table) != card.split:
        raise DatasetError(
            "it is not the manifest that these weights were trained on: the split differs",
            "Give that one, or train the weights anew",
        )
    table = table.assign(group=groups_of(table))
    known = select_known_films(table, card)
    pictures = _pictures_to_hash(known, cache, workers)
    predictor = Predictor.load(folder, card.recipe, gated=False)
    features = compute_features(predictor, table, cache, workers)
    codes, words = _encode_columns(known)
    mean, projection = principal_components(features)
    films = FilmArrays(
        references=joined(film_references(known)),
        sha256=np.array([list(bytes.fromhex(one)) for one in known["sha256"]], np.uint8),
        hashes=hashes_of(pictures),
        groups=known["group"].to_numpy(np.int32),
        codes=codes,
        features=quantise_rows((features - mean) @ projection.astype(np.float32)),
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


def select_known_films(table: pd.DataFrame, card: WeightsCard) -> pd.DataFrame:
    """The manifest's rows that belong in the index, those that trained first.

    Of twins only copies of films that trained, chose or calibrated: a copy of a test film is not
    known to the network. Of classes only those of its task: a film without a class is left out,
    though it may have trained another output, such as the RSNA categories.
    """
    used = table["split"].isin([Split.TRAIN.value, Split.VALIDATION.value]) & _in_task(table, card)
    twins = (table["split"] == Split.TWIN.value) & table["duplicate_group"].isin(
        table["duplicate_group"][used]
    )
    known = table[used | twins]
    order = known["split"].map({split.value: place for place, split in enumerate(_ORDER)})
    return known.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def compute_features(
    predictor: Predictor, table: pd.DataFrame, cache: Path, workers: int
) -> np.ndarray:
    """The means of the feature maps of the films that trained, float32 (T, C), in their order."""
    used = table[on_a_side(table)]  # as training has them in its cache
    trained = (used["split"] == Split.TRAIN.value) & _in_task(used, predictor.card)
    preprocess = predictor.card.preprocess
    pictures = every_picture(
        [Path(path) for path in used["path"]], preprocess, cache, workers=workers
    )
    rows = np.flatnonzero(trained.to_numpy())
    features = []
    for start in tqdm(range(0, len(rows), _AT_ONCE), "features of radiographs", unit="batch"):
        x = preprocess.input(np.asarray(pictures[rows[start : start + _AT_ONCE]]))
        features.append(predictor.feature_maps(x).mean(axis=(2, 3)))
    return np.concatenate(features)


def principal_components(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The films' mean, float32 (C,), and their first principal components, float16 (C, D)."""
    mean = features.mean(axis=0)
    centred = features - mean
    vectors = np.linalg.eigh(centred.T.astype(np.float64) @ centred)[1]
    return mean, vectors[:, ::-1][:, :COMPONENTS].astype(np.float16)


def quantise_rows(rows: np.ndarray) -> np.ndarray:
    """Rows as int8, each by its own scale, which does not change their cosines."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return np.rint(rows * (127 / np.maximum(largest, 1e-12))).astype(np.int8)


def film_references(known: pd.DataFrame) -> list[str]:
    """The reference of each film: its source, a slash, and its path in that dataset's folder."""
    references = np.empty(len(known), object)
    for source, films in known.groupby("source"):
        paths = [PurePath(path) for path in films["path"]]
        root = _dataset_folder(str(source), paths)
        relative = [path.relative_to(root).as_posix() for path in paths]
        references[films.index] = [f"{source}/{path}" for path in relative]
    return [str(reference) for reference in references]


def age_group(age: float, source: str) -> str:
    """An age as `child`, `18 to 39`, …; empty where neither the film nor its source states it.

    `age`: years, or NaN.
    """
    if not np.isnan(age):
        return next(name for limit, name in _AGES if age < limit)
    least, most = stated_ages(source) or (0.0, np.inf)
    return "child" if most < ADULT_YEARS else "18 and over" if least >= ADULT_YEARS else ""


def _in_task(table: pd.DataFrame, card: WeightsCard) -> pd.Series:
    """Whether each row's label is one of the classes of the network's task."""
    return table["label"].isin([str(finding) for finding in task_of(card.classes).output_of])


def _dataset_folder(source: str, paths: Sequence[PurePath]) -> PurePath:
    """The folder of a dataset as its users have it.

    It is named by the source, or its layout recognises it; else it is what all its films' folders
    share.
    """
    shared = PurePath(os.path.commonpath([path.parent for path in paths]))
    above = (shared, *shared.parents)
    layouts = [layout for layout in LAYOUTS if source == layout.SOURCE]
    known = [one for one in above if any(layout.recognises(Path(one)) for layout in layouts)]
    return next(iter([*(one for one in above if one.name == source), *known, shared]))


def _pictures_to_hash(known: pd.DataFrame, cache: Path, workers: int) -> np.ndarray:
    """The small picture of each film that its hash is made of, uint8 (N, 64, 64).

    Raises DatasetError where a file is gone, or is not the one that the manifest was made of.
    """
    paths = [Path(path) for path in known["path"]]
    changed = [
        path
        for path, sha256 in zip(paths, known["sha256"], strict=True)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256
    ]
    if changed:
        raise DatasetError(
            f"radiographs of the manifest are not there, or changed since{listed(changed)}",
            "Put the files of the manifest back, or make the manifest and the weights anew",
        )
    return every_picture(paths, PICTURE, cache, workers=workers)


def _encode_columns(known: pd.DataFrame) -> tuple[np.ndarray, dict[str, list[str]]]:
    """A code for each film in each of COLUMNS, uint8 (N, 5), and the words that the codes mean."""
    ages = zip(known["age"], known["source"], strict=True)
    columns = {
        "source": known["source"],
        "finding": known["label"],
        "view": known["view"].where(known["view"] != "unknown", ""),
        "age_group": pd.Series([age_group(age, source) for age, source in ages]),
        "split": known["split"],
    }
    words = {name: sorted(set(columns[name].astype(str))) for name in COLUMNS}
    crowded = [name for name, each in words.items() if len(each) > 256]
    if crowded:
        raise DatasetError(
            f"its radiographs have more than 256 values of {crowded[0]}",
            "Make the manifest, and train, with fewer sources at once",
        )
    codes = [[words[name].index(one) for one in columns[name].astype(str)] for name in COLUMNS]
    return np.array(codes, np.uint8).T, words

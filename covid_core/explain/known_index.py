"""The file of a network's training films: what they look like in short, never a pixel of them.

    weights/known/densenet121.safetensors   256-bit hashes, features in 8 bits, file names
    weights/known/densenet121.json          whose they are: the weights, the manifest

`training.index` makes it, and `known_films` asks it. Neither pixels are in it nor numbers
that a film could be drawn from, save a ghost of it (`perceptual_hash`). The files' names are, as
they lie in their datasets, and the SHA-256 of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from covid_core.errors import WeightsError
from covid_core.explain.perceptual_hash import HASH_BITS
from covid_core.findings import CLASSES
from covid_core.model.tensors import (
    RETRAIN,
    checked,
    identity,
    read_card_file,
    write_files,
)
from covid_core.storage.records import Record

FOLDER = "known"  # in that of the weights
COLUMNS = ("source", "finding", "view", "age_group", "split")  # of a film, a code each
_FORMAT_VERSION = 1
_SEPARATOR = b"\0"  # between references: no file's name holds it
_SHA256_BYTES = 32


class IndexCard(Record):
    """What stands beside the arrays.

    `sha256`: of their file. `weights`: SHA-256 of those that the films made. `manifest`:
    `datasets.split.fingerprint` of it. `words`: what the codes of each of COLUMNS mean, in their
    order. `films`: how many, by split.
    """

    format_version: int
    sha256: str
    created: str
    git_commit: str
    weights: str
    manifest: str
    words: dict[str, list[str]]
    films: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class FilmArrays:
    """N films, one a row; the first T of them trained.

    `references`: bytes, uint8, each a text in UTF-8, in order. `sha256`: of the files, uint8
    (N, 32). `hashes`: uint8 (N, 32). `groups`: int32 (N,), one number for the films of a patient
    or of a picture. `codes`: uint8 (N, 5), by COLUMNS. `features`: int8 (T, D), each row to its own
    scale, of `projection`, float16 (C, D), of a film's features less `mean`, float32 (C,).
    """

    references: np.ndarray
    sha256: np.ndarray
    hashes: np.ndarray
    groups: np.ndarray
    codes: np.ndarray
    features: np.ndarray
    projection: np.ndarray
    mean: np.ndarray

    def named(self) -> list[str]:
        """The references as texts."""
        return self.references.tobytes().decode().split(_SEPARATOR.decode())


def joined(references: list[str]) -> np.ndarray:
    """References as an index holds them."""
    text = _SEPARATOR.join(one.encode(errors="backslashreplace") for one in references)
    return np.frombuffer(text, np.uint8)


def write_index(
    folder: Path,
    recipe: str,
    films: FilmArrays,
    *,
    weights: str,
    manifest: str,
    words: dict[str, list[str]],
    counts: dict[str, int],
) -> IndexCard:
    """Put an index beside the weights of that SHA-256. Raises WeightsError; the old one stays."""
    arrays = {name: np.ascontiguousarray(getattr(films, name)) for name in FilmArrays.__slots__}
    data = safetensors.numpy.save(arrays)
    card = IndexCard(
        format_version=_FORMAT_VERSION,
        **identity(data),
        weights=weights,
        manifest=manifest,
        words=words,
        films=counts,
    )
    write_files(folder / FOLDER, recipe, data, card.as_json())
    return card


def read_index(folder: Path, recipe: str, weights: str) -> tuple[IndexCard, FilmArrays] | None:
    """The index of the weights of that SHA-256; None where there is none of these very weights.

    Raises WeightsError where it is damaged.
    """
    path = folder / FOLDER / f"{recipe}.json"
    if not path.exists():
        return None
    card = IndexCard.parse(read_card_file(path), path, error=WeightsError, remedy=RETRAIN)
    if (card.format_version, card.weights) != (_FORMAT_VERSION, weights):
        return None
    data = checked(path.with_suffix(".safetensors"), card.sha256)
    try:
        films = FilmArrays(**safetensors.numpy.load(data))
        sound = _go_together(card, films)
    except (safetensors.SafetensorError, LookupError, TypeError, ValueError) as error:
        raise _no_index(path) from error
    if not sound:
        raise _no_index(path)
    return card, films


def _go_together(card: IndexCard, films: FilmArrays) -> bool:
    rows, (trained, width) = len(films.named()), films.features.shape
    return (
        0 < trained <= rows
        and films.sha256.shape == (rows, _SHA256_BYTES)
        and films.hashes.shape == (rows, HASH_BITS // 8)
        and films.groups.shape == (rows,)
        and films.codes.shape == (rows, len(COLUMNS))
        and films.projection.shape == (len(films.mean), width)
        and {films.sha256.dtype, films.hashes.dtype, films.codes.dtype} == {np.dtype(np.uint8)}
        and all(films.codes[:, i].max() < len(card.words[name]) for i, name in enumerate(COLUMNS))
        and set(card.words["finding"]) <= {finding.value for finding in CLASSES}
    )


def _no_index(path: Path) -> WeightsError:
    return WeightsError("it is no index of training films", RETRAIN, file=str(path))

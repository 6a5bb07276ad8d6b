"""The films that made the weights: whether this one is among them, and which are most like it.

`training.index` makes their index, `known_index` is its file. No picture is in it: one is shown
only where `own_copy` finds the user's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from covid_core.explain.known_index import COLUMNS, FilmArrays, IndexCard, read_index
from covid_core.explain.perceptual_hash import HASH_BITS, PICTURE, find_copy
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import WeightsCard
from covid_core.predict.prediction import Prediction
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import MAX_FILE_BYTES
from covid_core.sources import is_public
from covid_core.storage.plain_files import read_within

TRAIN, VALIDATION, TWIN = "train", "validation", "twin of a film kept"  # a manifest's splits
_PARTS = {
    TRAIN: "trained this model",
    VALIDATION: "helped to choose and calibrate this model",
    TWIN: "is a copy of one that trained or calibrated this model",
}
_MEMORY = "The answer may be memory"


@dataclass(frozen=True, slots=True)
class KnownFilm:
    """A film that trained, tuned or calibrated the weights, or is the same picture as such a one.

    `reference`: its source, a slash, and where it lies in that dataset. `finding`: its dataset's
    label. `view`, `age_group`: empty where the dataset does not say. `split`: of its manifest.
    `sha256`: hex digest of the file's bytes.
    """

    reference: str
    source: str
    finding: Finding
    view: str
    age_group: str
    split: str
    sha256: str

    @property
    def export_name(self) -> str:
        """The film's name in exports: its reference, or its digest where that may name a patient.

        The reference where the dataset is public; the digest of a site's own film.
        """
        return self.reference if is_public(self.source) else f"{self.source}, {self.sha256[:12]}"


@dataclass(frozen=True, slots=True)
class Seen:
    """That a film is a known one.

    `distance`: bits of their hashes that differ, 0 to 256. `exact`: whether it is that very file,
    to the byte.
    """

    film: KnownFilm
    distance: int
    exact: bool

    @property
    def sentence(self) -> str:
        """That the film was seen in training, and as what."""
        what, differ = "this very file", ""
        if not self.exact:
            what = "this picture, or one that looks the same,"
            differ = f"; {self.distance} of {HASH_BITS} bits of their hashes differ"
        part = _PARTS.get(self.film.split, _PARTS[TRAIN])
        return f"Seen before: {what} {part} ({self.film.export_name}{differ}). {_MEMORY}."


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training film. `similarity`: cosine of its features and the film's, -1 to 1."""

    film: KnownFilm
    similarity: float


class KnownFilms:
    """The index of one network's films. It holds no state between calls: all sessions may share it.

    `sha256`: of its file of arrays. `manifest`: the fingerprint of the films' split.
    """

    def __init__(self, card: IndexCard, films: FilmArrays) -> None:
        self.sha256, self.manifest = card.sha256, card.manifest
        self._words, self._weights = card.words, card.weights
        self._films, self._references = films, films.named()
        self._sha256 = [one.tobytes().hex() for one in films.sha256]
        self._rows = {one: row for row, one in reversed(list(enumerate(self._sha256)))}
        self._projection = films.projection.astype(np.float32)
        self._features = _unit(films.features.astype(np.float32))

    @classmethod
    def load(cls, folder: Path, card: WeightsCard) -> KnownFilms | None:
        """The index of these very weights, in their folder; None where there is none.

        Raises WeightsError where it is damaged.
        """
        found = read_index(folder, card.recipe, card.sha256)
        return cls(*found) if found else None

    def __len__(self) -> int:
        return len(self._references)

    @property
    def hashes(self) -> np.ndarray:
        """The films' hashes, uint8 (N, 32)."""
        return self._films.hashes

    def film(self, row: int) -> KnownFilm:
        """One of them, by its row, from 0; those that trained come first."""
        coded = zip(COLUMNS, self._films.codes[row].tolist(), strict=True)
        source, finding, view, age_group, split = (self._words[name][code] for name, code in coded)
        return KnownFilm(
            self._references[row],
            source,
            Finding(finding),
            view,
            age_group,
            split,
            self._sha256[row],
        )

    def seen(self, radiograph: Radiograph) -> Seen | None:
        """The known film that it is, or is a copy of; None where it is none."""
        very = self._rows.get(radiograph.sha256)
        if very is not None:
            return Seen(self.film(very), 0, True)
        return self.seen_picture(PICTURE.picture(radiograph))

    def seen_picture(self, picture: np.ndarray) -> Seen | None:
        """The same of a picture, uint8 (64, 64), as `perceptual_hash.PICTURE` makes it."""
        copy = find_copy(picture, self.hashes)
        return None if copy is None else Seen(self.film(copy[0]), copy[1], False)

    def nearest(
        self, prediction: Prediction, count: int = 3, *, seen: Seen | None = None
    ) -> dict[Finding, tuple[Neighbour, ...]]:
        """The training films whose features are most like the film's, by class, nearest first.

        Never two of one patient or of one picture. Left out is what is no evidence but the film
        itself: all of its own patient or picture, where its file is a known one, or where `seen`
        says so. Raises WeightsError where other weights made the prediction.
        """
        prediction.refuse_other_weights(self._weights)
        known = [prediction.radiograph_sha256, *([seen.film.sha256] if seen else [])]
        groups = {int(self._films.groups[self._rows[one]]) for one in known if one in self._rows}
        features = (prediction.feature_map.mean(axis=(1, 2)) - self._films.mean) @ self._projection
        similarity = self._features @ _unit(features[np.newaxis])[0]
        order = np.argsort(-similarity, kind="stable").tolist()
        return {
            finding: tuple(
                Neighbour(self.film(row), float(similarity[row]))
                for row in self._of_each_group(order, finding, groups, count)
            )
            for finding in CLASSES
            if finding in self._words["finding"]
        }

    def _of_each_group(
        self, order: Sequence[int], finding: Finding, without: Iterable[int], count: int
    ) -> Iterator[int]:
        """The first rows of a class in that order, one of each group, none of those groups."""
        taken = set(without)
        code = self._words["finding"].index(finding)
        own = self._films.codes[:, COLUMNS.index("finding")] == code
        for row in order:
            if count < 1:
                return
            if own[row] and int(self._films.groups[row]) not in taken:
                taken.add(int(self._films.groups[row]))
                count -= 1
                yield row


def own_copy(film: KnownFilm, folders: Iterable[Path]) -> bytes | None:
    """The user's own file of a film, by its reference in one of the folders; None without one.

    A folder may be the dataset itself. Only where the file's bytes have the film's SHA-256, and it
    lies in that folder, not where a link leads out of it.
    """
    reference = PurePosixPath(film.reference)
    if reference.is_absolute() or ".." in reference.parts:
        return None
    for folder in folders:
        for inside in (reference, PurePosixPath(*reference.parts[1:])):
            try:
                data = read_within(folder, folder / inside, MAX_FILE_BYTES)
            except (
                OSError,
                ValueError,
                RuntimeError,
            ):  # not allowed, no such name, links in a ring
                continue
            if hashlib.sha256(data).hexdigest() == film.sha256:
                return data
    return None


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    lengths: np.ndarray = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.maximum(lengths, np.float32(1e-12))

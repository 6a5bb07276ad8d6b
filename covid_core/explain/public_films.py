"""Public radiographs to try the reader with: where each is had, and what its collection says of it.

`public_films.toml` lists them; none is shipped. One is known again by its file's SHA-256, or by its
perceptual hash, for what is downloaded has other bytes than the copies that the list was made of.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from covid_core.errors import DatasetError
from covid_core.explain.perceptual_hash import PICTURE, find_copy
from covid_core.findings import Finding
from covid_core.model.decision import Decision
from covid_core.model.tiers import DECIDED, right_answers
from covid_core.read.radiograph import Radiograph
from covid_core.storage.records import Record

LIST = Path(__file__).with_suffix(".toml")
SHA256_OF = "a copy scaled to a shorter side of 256 px"  # what the list's digests are of
_REMEDY = "Fetch the project again"

Hex256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PublicFilm(Record):
    """A radiograph that anyone may fetch.

    `name`: of its file in the collection. `page`: the address where it is had. `licence`: its terms
    in a few words. `label`, `finding`: the collection's label, as a class and in its own words.
    `sha256`: hex digest of SHA256_OF. `hash`: of the picture, 256 bits in hex.
    """

    name: str
    collection: str
    page: Annotated[str, Field(pattern="^https://")]
    licence: str
    label: Finding
    finding: str
    sha256: Hex256
    hash: Hex256


class _List(Record):
    films: tuple[PublicFilm, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """That a film is a public one. `distance`: bits of their hashes that differ, 0 to 256.

    `exact`: whether it is the very copy that the list was made of.
    """

    film: PublicFilm
    distance: int
    exact: bool

    @property
    def sentence(self) -> str:
        """Which public film it is and by what it is known, what its collection says, the terms."""
        film = self.film
        by = "by its picture"
        if self.exact:
            by = f"by the SHA-256 of {SHA256_OF}"
        return (
            f"A public film, known {by}. {film.collection}, {film.name}; labelled there:"
            f" {film.finding}. Licence: {film.licence}."
        )

    def compared(self, decision: Decision) -> str:
        """Whether an answer is right by the collection's label."""
        if not decision.usable:
            return "The model's answer on this film is withheld."
        if decision.tier not in DECIDED:
            return "The model is undecided on this film."
        if self.film.label in right_answers(decision.tier):
            return "The answer agrees with this label."
        return "The answer contradicts this label."


def recognise(radiograph: Radiograph) -> Recognised | None:
    """The public film that a radiograph is, or is a copy of; None where it is none of the list."""
    films = public_films()
    for film in films:
        if film.sha256 == radiograph.sha256:
            return Recognised(film, 0, True)
    listed = np.stack([np.frombuffer(bytes.fromhex(film.hash), np.uint8) for film in films])
    copy = find_copy(PICTURE.picture(radiograph), listed)
    return None if copy is None else Recognised(films[copy[0]], copy[1], False)


@cache
def public_films() -> tuple[PublicFilm, ...]:
    """The films of the project's list, those of a class together."""
    return read_list(LIST)


def read_list(path: Path) -> tuple[PublicFilm, ...]:
    """The films that a TOML file lists. Raises DatasetError where it is no such list."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError("there is no list of public films", _REMEDY, file=str(path)) from error
    except ValueError as error:  # TOML's own error, and text that is no UTF-8
        raise DatasetError(f"it is no TOML: {error}", _REMEDY, file=str(path)) from error
    return _List.parse(table, path, error=DatasetError, remedy=_REMEDY).films

"""Everything that can go wrong, as one small vocabulary.

    CovidCoreError
    ├── RefusedFile      this file can't be judged: unreadable, too large, not one radiograph
    ├── Abstained        it could be read, but shows no frontal chest radiograph to judge
    ├── WeightsError     these weights can't be trusted with this code
    ├── DatasetError     this folder can't be trained or evaluated on
    ├── TrainingError    training had to stop
    └── Unwritten        what was made can't be written: the disk is full, a folder read-only
        └── NameRefused  under this name alone: it is too long, or a folder has it

Every error says what was wrong (`problem`), with which file (`file`, where there is one) and what
to do about it (`remedy`). `str(error)` is that sentence, ready for a person. Anything else that is
raised is a defect of this project, and is left to surface, except where one film must not stop the
others (`foreseen`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_LOG = logging.getLogger(__name__)


class CovidCoreError(Exception):
    """An outcome that a person must hear about: what, which file, what to do."""

    def __init__(self, problem: str, remedy: str, *, file: str | None = None) -> None:
        self.problem = problem.rstrip(".")
        self.remedy = remedy.rstrip(".")
        self.file = file
        super().__init__(problem, remedy, file)

    def __reduce__(self) -> Any:
        """How it gets from one process to another: as it is, whatever its class is made of."""
        return type(self).__new__, (type(self), *self.args), self.__dict__

    @property
    def sentence(self) -> str:
        """Problem and remedy in words, without the file's name."""
        return f"{self.problem[:1].upper()}{self.problem[1:]}. {self.remedy}."

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}. {self.remedy}." if self.file else self.sentence


UNREADABLE = "unreadable"  # a refusal's code: the file was not opened or decoded, which may pass


class RefusedFile(CovidCoreError):
    """A file that gets no prediction. `code` is stable and safe to test or count by."""

    def __init__(self, code: str, problem: str, remedy: str, *, file: str | None = None) -> None:
        super().__init__(problem, remedy, file=file)
        self.code = code


class Abstained(CovidCoreError):
    """A picture that gets no probability, for what it shows. `code`: the first reason's."""

    def __init__(self, code: str, problem: str, remedy: str, *, file: str | None = None) -> None:
        super().__init__(problem, remedy, file=file)
        self.code = code


class WeightsError(CovidCoreError):
    """Weights that are missing, damaged, or made for other code."""


class DatasetError(CovidCoreError):
    """A data folder that can't serve: unknown layout, an empty class, a leak."""


class TrainingError(CovidCoreError):
    """Training that had to stop; the last good checkpoint is kept."""


class Unwritten(CovidCoreError):
    """The disk refused what was made: no fault of a film, and the next will fare no better."""


class NameRefused(Unwritten):
    """The disk refused this one name: what is made of the next film may be written."""


@contextmanager
def foreseen() -> Iterator[None]:
    """A context that lets no exception out but CovidCoreError.

    A defect, or memory that is short, becomes one, so that one film stops no list. Logs its type
    only, for its message may quote a patient.
    """
    try:
        yield
    except CovidCoreError:
        raise
    except Exception as error:
        _LOG.error("a film could not be read: %s", type(error).__name__)
        raise CovidCoreError(
            "something went wrong that this program did not foresee",
            "Try the film by itself; what kind of error it was stands in the program's log",
        ) from None


def listed(items: Iterable[object], most: int | None = None) -> str:
    """The end of a problem: each of several items on a line of its own, and how many there are.

    `most`: how many are named, from the first; all where it is None.
    """
    lines = [f"\n  {item}" for item in items]
    named = lines[:most] if len(lines) == len(lines[:most]) else [*lines[:most], "\n  ..."]
    return f":{''.join(named)}\n{len(lines)} in all"

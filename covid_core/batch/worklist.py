"""Many films as a list to work through: one entry a film, the likeliest COVID-19 first.

An entry holds what a row and a later decision need, some kilobytes, so that a list of thousands
fits in memory; film and feature map are let go. The likeliest keep their readings besides, without
the films, so that whoever opens one need not wait for the networks again.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
from PIL import Image

from covid_core.case.case_reading import Reading
from covid_core.case.reader import CaseReader
from covid_core.errors import CovidCoreError, foreseen
from covid_core.explain.checks import Checks, decide_again, map_counts
from covid_core.explain.lung_shares import LungShares
from covid_core.findings import CLASSES, Finding
from covid_core.model.decision import OperatingPoint
from covid_core.model.tiers import Tier
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.flags import Flag, flags_of
from covid_core.present.overlay import displayed
from covid_core.present.rows import columns, error_row, prediction_row
from covid_core.read.archives import Item
from covid_core.read.patient_tags import Study, read_study, same_patient, time_between
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph
from covid_core.storage.tables import UTF8_MARK, table_bytes

THUMBNAIL_PX = 96
READINGS_KEPT = 200  # in one list; each takes some 300 KB
_SALT = secrets.token_bytes(32)  # of this process only: a patient's key means nothing elsewhere
_UNUSABLE = "Must not be used."


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One film in a list.

    `row`: as `rows.prediction_row` or `rows.error_row` give it. `thumbnail`: a JPEG file
    of at most THUMBNAIL_PX a side, b"" where the film can't be read. `patient`: what
    `patient_tags.same_patient` compares, as keyed hashes that mean nothing outside of this process,
    and the study's date and time. `sha256`: of the file's bytes, "" where they can't be had.
    `weights_sha256`: of what judged it. `prediction`: without its feature map. `checks`: of the
    film and of its likeliest class's map. `in_lungs`: as `flags_of` takes it. `reading`: whole but
    for its film; None where it was let go.
    """

    name: str
    row: dict[str, Any]
    thumbnail: bytes = b""
    patient: Study = field(default_factory=Study)
    sha256: str = ""
    weights_sha256: str = ""
    prediction: Prediction | None = None
    reading: Reading | None = None
    checks: Checks | None = None
    in_lungs: LungShares | None = None

    @property
    def decision(self) -> str:
        """The word used in files: classes, `undecided`, `abstained` or `error`."""
        return str(self.row["decision"])

    @property
    def tier(self) -> Tier:
        """The answer in a report's words, or why there is none."""
        return Tier(self.row["tier"])

    @property
    def warned(self) -> bool:
        """Whether something speaks against the answer, or against judging the film at all."""
        return bool(self.flags or self.row.get("flags"))

    @property
    def unusable(self) -> bool:
        """Whether its answer must not be used."""
        return self.prediction is not None and not self.prediction.decision.usable

    @property
    def probability(self) -> float | None:
        """The disease's, calibrated, 0 to 1; None without an answer that may be used."""
        if self.prediction is None or self.unusable:
            return None
        return self.prediction.probability(self.prediction.answers[-1])

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What speaks against the answer, the gravest first."""
        return flags_of(self.prediction, self.checks, self.in_lungs) if self.prediction else ()

    @property
    def heat_in_lungs(self) -> float | None:
        """The share of the heat in the lungs, 0 to 1; None where the map's figures do not count."""
        if not (self.prediction and self.checks and self.in_lungs):
            return None
        counts = map_counts(self.prediction, self.checks.map_check)
        return self.in_lungs.heat if counts else None

    @property
    def note(self) -> str:
        """Why there is no answer, or what speaks against it; "" where there is nothing to say."""
        if self.prediction is None:
            return str(self.row["reason"])
        words = [flag.sentence for flag in self.flags]
        if self.unusable:
            words.insert(0, _UNUSABLE)
        return " ".join(words)

    def redecided(self, predictor: Predictor, point: OperatingPoint, prevalence: float) -> Entry:
        """The entry at another operating point and prevalence, 0 to 1; runs no network."""
        if self.prediction is None:
            return self
        decided, checks = decide_again(predictor, self.prediction, self.checks, point)
        redone = replace(self, prediction=decided, checks=checks)
        row = prediction_row(
            self.name,
            decided,
            heat_in_lungs=redone.heat_in_lungs,
            prevalence=prevalence,
            flags=redone.flags,
            checked=redone.checks is not None,
        )
        return replace(redone, row=row)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries of a list to show.

    `tiers`: only these, all where it is empty. `least`: the lowest probability of COVID-19;
    with 0 entries without one are shown too. `text`: what the name holds. `warned`: only those that
    carry a warning; `unusable`: only those whose answer must not be used.
    """

    tiers: frozenset[Tier] = frozenset()
    least: float = 0.0
    text: str = ""
    warned: bool = False
    unusable: bool = False

    def admits(self, entry: Entry) -> bool:
        """Whether the entry is to be shown."""
        return (
            (not self.tiers or entry.tier in self.tiers)
            and (entry.probability or 0.0) >= self.least
            and self.text.strip().casefold() in entry.name.casefold()
            and (entry.warned or not self.warned)
            and (entry.unusable or not self.unusable)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A film of a list that is read, and not yet checked; `reading`: None where it has none."""

    entry: Entry
    reading: Reading | None = None


def entry(item: Item, reader: CaseReader, *, point: OperatingPoint, prevalence: float) -> Entry:
    """A film read and judged; where it can't be, an entry that says why, and nothing is raised.

    `prevalence`: of COVID-19 among the films, 0 to 1.
    """
    return finish_entry(begin_entry(item, reader), reader, point=point, prevalence=prevalence)


def begin_entry(item: Item, reader: CaseReader) -> Begun:
    """The first half of `entry`, as a turn by itself: the film and its answer."""
    known = Entry(item.name, {}, weights_sha256=reader.predictor.card.sha256)
    try:
        with foreseen():
            data = item.read()
            known = replace(known, sha256=hashlib.sha256(data).hexdigest())
            radiograph = read_radiograph(data, known.sha256)
            known = _described(known, radiograph, read_study(data))
            return Begun(known, reader.read(radiograph))
    except CovidCoreError as error:
        return Begun(_failed(known, error, reader))


def finish_entry(
    begun: Begun, reader: CaseReader, *, point: OperatingPoint, prevalence: float
) -> Entry:
    """The second half, which takes longer: the checks, and what they say of the answer."""
    known, reading = begun.entry, begun.reading
    if reading is None:
        return known
    try:
        with foreseen():
            judged = _judged(known, reader.check(reading, reading.prediction.label))
            return judged.redecided(reader.predictor, point, prevalence)
    except CovidCoreError as error:
        return _failed(known, error, reader)


def _failed(known: Entry, error: CovidCoreError, reader: CaseReader) -> Entry:
    return replace(known, row=error_row(known.name, error, reader.predictor.card.classes))


def let_go_of_readings(entries: dict[Item, Entry]) -> None:
    """Drop, in place, the readings of all but the READINGS_KEPT likeliest films."""
    kept = triage(one for one in entries.values() if one.reading)
    late = set(map(id, kept[READINGS_KEPT:]))
    for item, one in entries.items():
        if id(one) in late:
            entries[item] = replace(one, reading=None)


def triage(entries: Iterable[Entry]) -> list[Entry]:
    """The likeliest COVID-19 first, those without an answer to use last; equals as they came."""
    return sorted(entries, key=lambda one: np.inf if one.probability is None else -one.probability)


def earlier(one: Entry, entries: Iterable[Entry]) -> list[Entry]:
    """The same patient's earlier films, by their study's date and time; the earliest first."""
    own = [other for other in entries if same_patient(one.patient, other.patient)]
    gaps = [(time_between(other.patient, one.patient), other) for other in own]
    before = [(gap, other) for gap, other in gaps if gap and gap > timedelta()]
    return [other for _, other in sorted(before, key=lambda pair: pair[0], reverse=True)]


def csv_text(entries: Iterable[Entry], answers: Sequence[Finding] = CLASSES) -> str:
    """The entries' rows as a CSV file that spreadsheets open rightly and run nothing of."""
    rows = table_bytes(columns(answers), (one.row for one in entries))
    return (UTF8_MARK + rows).decode()


def _judged(known: Entry, reading: Reading) -> Entry:
    """The entry with its prediction; its row is not yet written."""
    prediction = reading.prediction
    return replace(
        known,
        prediction=replace(
            prediction,
            feature_map=np.empty((0, 0, 0), np.float32),
            picture=np.empty((0, 0), np.uint8),
        ),
        reading=reading.without_film(),
        checks=reading.checks(prediction.label),
        in_lungs=reading.lung_shares(prediction.label),
    )


def _described(known: Entry, radiograph: Radiograph, study: Study | None) -> Entry:
    return replace(
        known,
        thumbnail=_jpeg(displayed(radiograph.film, THUMBNAIL_PX)),
        patient=_pseudonym(study) if study else Study(),
    )


def _pseudonym(study: Study) -> Study:
    """When a study was made, and its patient by keyed hashes alone."""
    known = Study(study_date=study.study_date, study_time=study.study_time)
    if not same_patient(study, study):  # no identifier, or one that anonymisers give to all
        return known
    identifiers = (study.patient_id, study.issuer, study.birth_date)
    patient_id, issuer, birth_date = map(_keyed_hash, identifiers)
    return replace(known, patient_id=patient_id, issuer=issuer, birth_date=birth_date)


def _keyed_hash(text: str) -> str:
    """The keyed hash of a text; "" of none, which contradicts nothing."""
    return hashlib.blake2b(text.encode(), key=_SALT, digest_size=16).hexdigest() if text else ""


def _jpeg(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80)
    return file.getvalue()

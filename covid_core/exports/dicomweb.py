"""To and from an image archive by DICOMweb (PS3.18): STOW-RS, QIDO-RS, WADO-RS.

No error says what was searched for or sent, nor the address with it: both may name a patient. An
archive may be hostile or broken: how much of an answer is read, and for how long, is bounded.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydicom.dataset import Dataset

from covid_core.errors import CovidCoreError
from covid_core.exports.multipart import TooLarge, boundary_of, split_parts
from covid_core.extras import needing
from covid_core.read.dicom_tags import parse
from covid_core.read.file_kinds import is_dicom
from covid_core.read.patient_tags import is_uid
from covid_core.read.reading import MAX_FILE_BYTES

if TYPE_CHECKING:
    import requests
    from dicomweb_client import DICOMwebClient

RADIOGRAPHY = frozenset({"CR", "DX", "DR", "RG"})
MAX_STUDIES = 100
MAX_SERIES = 1000  # of one study
MAX_FILMS = 16  # of one study
MAX_BYTES = 512 * 1024 * 1024  # of one study
MAX_LIST_BYTES = 4 * 1024 * 1024  # of a list of studies or series: 100 take some 300 KB
_PIECE_BYTES = 1024 * 1024
_DICOM = "application/dicom"
_ANY_SYNTAX = f'multipart/related; type="{_DICOM}"; transfer-syntax=*'
# In a query `*` and `?` match anything and a backslash parts several values (PS3.4, C.2.2.2).
_WILDCARDS = re.compile(r"[*?\\]|[^ -\uFFFF]")
_DATES = re.compile(r"\d{8}(-\d{8})?", re.ASCII)
_FIELDS = ["StudyDescription", "ModalitiesInStudy", "PatientID", "PatientName", "StudyDate"]

# They log addresses, and those hold what was searched for.
for _name in ("dicomweb_client", "retrying", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Archive:
    """Where an archive is, and how it is reached.

    `url`: of its DICOMweb root, such as https://pacs.example/dicom-web; a name and password where
    it asks for them. `timeout_s`: how long to wait for an answer; `total_s`: how long one task may
    take altogether, whatever answers come.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 20.0
    total_s: float = 120.0


@dataclass(frozen=True, slots=True, repr=False)
class FoundStudy:
    """A study that an archive knows of, as plain text, "" where it does not say.

    Never printed by its `repr`. `study_date`: YYYYMMDD.
    """

    study_uid: str
    patient_id: str
    patient_name: str
    study_date: str
    description: str
    modalities: tuple[str, ...]

    def __repr__(self) -> str:
        return "FoundStudy(…)"


def send(archive: Archive, objects: Sequence[bytes]) -> None:
    """Store DICOM files in an archive (STOW-RS).

    Raises CovidCoreError where it can't be reached, refuses, or does not confirm each of them.
    """
    datasets = [parse(data) for data in objects]
    with _task(archive) as (client, _):
        answer = client.store_instances(datasets)
    stored = {item.ReferencedSOPInstanceUID for item in answer.get("ReferencedSOPSequence", ())}
    missing = sum(dataset.SOPInstanceUID not in stored for dataset in datasets)
    if missing:
        raise CovidCoreError(
            f"the archive did not confirm {missing} of {len(datasets)} objects",
            "Look into the archive's log; it may not take Secondary Capture or SR, or not this"
            " patient",
        )


def find_studies(
    archive: Archive, *, patient_id: str = "", study_date: str = ""
) -> list[FoundStudy]:
    """The first MAX_STUDIES studies by patient ID, by date, or by both (QIDO-RS).

    Date: YYYYMMDD, or two with a hyphen between. Raises CovidCoreError, also where neither is
    given, and for an ID with wildcards, which would find other patients.
    """
    given = {"PatientID": patient_id.strip(), "StudyDate": study_date.strip()}
    filters = {keyword: text for keyword, text in given.items() if text}
    if not filters:
        raise CovidCoreError(
            "nothing was given to search for", "Give a patient ID, a study date, or both"
        )
    if _WILDCARDS.search(given["PatientID"]):
        raise CovidCoreError(
            "a patient ID with * or ? or \\ in it would find other patients",
            "Give the whole patient ID",
        )
    if given["StudyDate"] and not _DATES.fullmatch(given["StudyDate"]):
        raise CovidCoreError("that is no study date", "Give it as YYYYMMDD")
    with _task(archive) as (client, _):
        answers = client.search_for_studies(
            search_filters=filters, fields=_FIELDS, limit=MAX_STUDIES
        )
        return [_found(Dataset.from_json(answer)) for answer in answers[:MAX_STUDIES]]


def fetch_study(archive: Archive, study_uid: str) -> list[bytes]:
    """The radiographs of a study as DICOM files, compressed as the archive holds them (WADO-RS).

    Other modalities are left there. Raises CovidCoreError where there is no radiograph, or more
    than MAX_FILMS or MAX_BYTES of them, or one of more than MAX_FILE_BYTES, and where the archive
    can't be reached or refuses.
    """
    if not is_uid(study_uid):
        raise CovidCoreError("that is no study's UID", "Take it from a search of the archive")
    with _task(archive) as (client, session):
        answers = client.search_for_series(study_uid, fields=["Modality"])
        if len(answers) > MAX_SERIES:
            raise _too_much(f"{MAX_SERIES} series")
        films: list[bytes] = []
        for one in map(Dataset.from_json, answers):
            if str(one.get("Modality", "")) in RADIOGRAPHY:
                for film in _series_films(session, archive, study_uid, one.SeriesInstanceUID):
                    films.append(film)
                    if len(films) > MAX_FILMS or sum(map(len, films)) > MAX_BYTES:
                        raise _too_much(
                            f"{MAX_FILMS} radiographs, or more than {MAX_BYTES // 1024**2} MiB of"
                            " them"
                        )
    if not films:
        raise CovidCoreError(
            "the archive holds no radiograph of this study",
            f"Choose a study of one of these modalities: {', '.join(sorted(RADIOGRAPHY))}",
        )
    return films


def _series_films(
    session: requests.Session, archive: Archive, study_uid: str, series_uid: str
) -> Iterator[bytes]:
    """The files of a series as they arrive. Raises CovidCoreError, ValueError, requests' own."""
    if not is_uid(series_uid):
        raise ValueError("no UID")
    address = f"{archive.url.rstrip('/')}/studies/{study_uid}/series/{series_uid}"
    headers = {"Accept": _ANY_SYNTAX}
    with session.get(address, headers=headers, stream=True, timeout=archive.timeout_s) as answer:
        answer.raise_for_status()
        kind = answer.headers.get("Content-Type", "")
        boundary = boundary_of(kind)
        pieces = answer.iter_content(_PIECE_BYTES)
        try:
            if boundary is not None:
                films = split_parts(pieces, boundary, MAX_FILE_BYTES)
            elif kind.lower().startswith(_DICOM):
                films = iter([_whole(pieces)])
            else:
                raise ValueError("neither DICOM nor multipart")
            for film in films:
                if not is_dicom(film):
                    raise ValueError("no DICOM file")
                yield film
        except TooLarge:
            raise CovidCoreError(
                f"a file of the study is larger than {MAX_FILE_BYTES // 1024**2} MiB",
                "Export the film that is meant from the archive at a smaller size, and open that",
            ) from None


def _whole(pieces: Iterator[bytes]) -> bytes:
    """A file that some archives send alone, without parts. Raises TooLarge."""
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > MAX_FILE_BYTES:
            raise TooLarge
    return bytes(data)


def _too_much(what: str) -> CovidCoreError:
    return CovidCoreError(
        f"the study holds more than {what}",
        "Export the film that is meant from the archive, and open that",
    )


def _found(answer: Dataset) -> FoundStudy:
    modalities = answer.get("ModalitiesInStudy") or ()
    return FoundStudy(
        study_uid=_text(answer, "StudyInstanceUID"),
        patient_id=_text(answer, "PatientID"),
        patient_name=_text(answer, "PatientName"),
        study_date=_text(answer, "StudyDate"),
        description=_text(answer, "StudyDescription"),
        modalities=(modalities,) if isinstance(modalities, str) else tuple(map(str, modalities)),
    )


def _text(answer: Dataset, keyword: str) -> str:
    value = answer.get(keyword)
    return "" if value is None else str(value)


@contextmanager
def _task(archive: Archive) -> Iterator[tuple[DICOMwebClient, requests.Session]]:
    """A client and its session for one task, all of whose failures are CovidCoreErrors."""
    with needing("dicomweb-client", "dicom"):
        from dicomweb_client import DICOMwebClient

        from covid_core.exports.archive_errors import archive_error, took_too_long
        from covid_core.exports.bounded_http import Clock, bounded_session
    _check(archive.url)
    clock = Clock(archive.total_s)
    most_streamed = MAX_BYTES + MAX_FILE_BYTES
    try:
        with bounded_session(clock, most=MAX_LIST_BYTES, most_streamed=most_streamed) as session:
            if archive.username:
                session.auth = (archive.username, archive.password)
            client = DICOMwebClient(archive.url.rstrip("/"), session, timeout=archive.timeout_s)
            client.set_http_retry_params(retry=False)
            yield client, session
    except Exception as error:
        if clock.is_over:
            raise took_too_long(archive.total_s) from None
        raise archive_error(error, archive.timeout_s) from None
    finally:
        clock.stop()
    if clock.is_over:  # what was cut off may look as if it had ended
        raise took_too_long(archive.total_s)


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or parts.username or parts.query or parts.fragment:
        raise CovidCoreError(
            "that is no address of an archive",
            "Give its DICOMweb root, such as http://localhost:8042/dicom-web, and the name and"
            " password apart from it",
        )

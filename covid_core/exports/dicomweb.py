"""To and from an image archive by DICOMweb (PS3.18): STOW-RS, QIDO-RS, WADO-RS.

No error tells what was searched for or sent, nor the address with it: both may name a patient.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydicom.dataset import Dataset

from covid_core.errors import CovidCoreError
from covid_core.exports.optional import needing
from covid_core.read.dicom_tags import parse
from covid_core.read.patient_tags import is_uid

if TYPE_CHECKING:
    import requests
    from dicomweb_client import DICOMwebClient

RADIOGRAPHY = frozenset({"CR", "DX", "DR", "RG"})
MAX_STUDIES = 100
MAX_FILMS = 16  # of one study
MAX_BYTES = 512 * 1024 * 1024  # of one study
_ADDRESS = "Check the address: it is the DICOMweb root, which in Orthanc ends in /dicom-web"
_REACH = "Check that it runs, that the address and port are right, and that no firewall is between"
_CERTIFICATE = "Ask who runs it for one of a known authority, or for its http address"
_MOVED = "Give the address that it sends on to"
_ANY_SYNTAX = (("application/dicom", "*"),)
_FIELDS = ["StudyDescription", "ModalitiesInStudy", "PatientID", "PatientName", "StudyDate"]

# They log addresses, and those hold what was searched for.
for _name in ("dicomweb_client", "retrying", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Archive:
    """Where an archive is, and how it is reached.

    `url`: of its DICOMweb root, such as https://pacs.example/dicom-web; a name and password where
    it asks for them; how long to wait for an answer, in seconds.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True, repr=False)
class FoundStudy:
    """A study that an archive knows of, as plain text, "" where it does not tell.

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
    with _client(archive) as client:
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
    given.
    """
    given = {"PatientID": patient_id.strip(), "StudyDate": study_date.strip()}
    filters = {keyword: text for keyword, text in given.items() if text}
    if not filters:
        raise CovidCoreError(
            "nothing was given to search for", "Give a patient ID, a study date, or both"
        )
    with _client(archive) as client:
        answers = client.search_for_studies(
            search_filters=filters, fields=_FIELDS, limit=MAX_STUDIES
        )
        return [_found(Dataset.from_json(answer)) for answer in answers[:MAX_STUDIES]]


def fetch_study(archive: Archive, study_uid: str) -> list[bytes]:
    """The radiographs of a study as DICOM files, compressed as the archive holds them (WADO-RS).

    Other modalities are left there. Raises CovidCoreError where there is no radiograph, or more
    than MAX_FILMS or MAX_BYTES of them, and where the archive can't be reached or refuses.
    """
    if not is_uid(study_uid):
        raise CovidCoreError("that is no study's UID", "Take it from a search of the archive")
    with _client(archive) as client:
        answers = client.search_for_series(study_uid, fields=["Modality"])
        series = [Dataset.from_json(answer) for answer in answers]
        films: list[bytes] = []
        for one in series:
            if str(one.get("Modality", "")) in RADIOGRAPHY:
                films += _films(client, study_uid, str(one.SeriesInstanceUID), films)
    if not films:
        raise CovidCoreError(
            "the archive holds no radiograph of this study",
            f"Choose a study of one of these modalities: {', '.join(sorted(RADIOGRAPHY))}",
        )
    return films


def _films(client: DICOMwebClient, study: str, series: str, before: list[bytes]) -> list[bytes]:
    films: list[bytes] = []
    size = sum(map(len, before))
    for dataset in client.iter_series(study, series, media_types=_ANY_SYNTAX):
        file = io.BytesIO()
        dataset.save_as(file)
        films.append(file.getvalue())
        size += len(films[-1])
        if len(before) + len(films) > MAX_FILMS or size > MAX_BYTES:
            raise CovidCoreError(
                f"the study holds more than {MAX_FILMS} radiographs, or more than"
                f" {MAX_BYTES // 1024**2} MiB of them",
                "Export the film that is meant from the archive, and open that",
            )
    return films


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
def _client(archive: Archive) -> Iterator[DICOMwebClient]:
    """A client for one task, all of whose failures are CovidCoreErrors."""
    with needing("dicomweb-client"):
        import requests
        from dicomweb_client import DICOMwebClient
    _check(archive.url)
    with requests.Session() as session:
        session.max_redirects = 0  # what follows one may take a patient's data elsewhere
        if archive.username:
            session.auth = (archive.username, archive.password)
        try:
            client = DICOMwebClient(archive.url.rstrip("/"), session, timeout=archive.timeout_s)
            client.set_http_retry_params(retry=False)
            yield client
        except CovidCoreError:
            raise
        except requests.RequestException as error:
            raise _failure(error, archive) from None
        except Exception:  # whatever an answer that is no DICOMweb does to the client
            raise CovidCoreError("the archive's answer is no DICOMweb", _ADDRESS) from None


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


def _failure(error: requests.RequestException, archive: Archive) -> CovidCoreError:
    """What went wrong between here and the archive, without the request's own words."""
    import requests

    if error.response is not None and not isinstance(error, requests.TooManyRedirects):
        return _refusal(error.response.status_code)
    for kind, problem, remedy in (
        (requests.exceptions.SSLError, "the archive's certificate can't be trusted", _CERTIFICATE),
        (requests.ConnectTimeout, "the archive can't be reached", _REACH),
        (requests.ConnectionError, "the archive can't be reached", _REACH),
        (
            requests.Timeout,
            f"the archive did not answer within {archive.timeout_s:g} seconds",
            "Try again, or ask who runs it whether it is busy",
        ),
        (requests.TooManyRedirects, "the archive sends on to another address", _MOVED),
    ):
        if isinstance(error, kind):
            return CovidCoreError(problem, remedy)
    return CovidCoreError("the archive's answer is no DICOMweb", _ADDRESS)


def _refusal(status: int) -> CovidCoreError:
    if status in (401, 403):
        return CovidCoreError(
            f"the archive lets nobody in without the right name and password ({status})",
            "Check both, and that this account may do that there",
        )
    if status in (404, 405):
        return CovidCoreError(f"there is no such DICOMweb service there ({status})", _ADDRESS)
    if status == 413:
        return CovidCoreError(
            "the archive takes nothing that large (413)", "Ask who runs it to raise its limit"
        )
    who = "The archive's log tells why" if status >= 500 else "It may not take such objects"
    return CovidCoreError(f"the archive refused with status {status}", who)

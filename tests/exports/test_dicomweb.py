"""DICOMweb against a real Orthanc: there and back, and every failure in words."""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from covid_core.errors import CovidCoreError
from covid_core.exports import dicomweb
from covid_core.exports.dicomweb import Archive, FoundStudy, fetch_study, find_studies, send
from covid_core.exports.secondary_capture import secondary_capture
from covid_core.exports.structured_report import structured_report
from covid_core.read.patient_tags import read_study
from covid_core.read.reading import read_radiograph
from tests.archive import free_port
from tests.exports.results import film_file, made
from tests.waits import LONGEST_S

pytestmark = pytest.mark.filterwarnings("error")


def tags(name: str) -> dict[str, str]:
    """UIDs and a patient of its own for one test."""
    return {
        "PatientID": name,
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
    }


def test_a_film_and_its_reading_come_back_from_one_study(orthanc: Archive) -> None:
    film = film_file(**tags("ROUND-TRIP"))
    study = read_study(film)
    assert study is not None
    result = made()
    capture = secondary_capture(result, study, keep_identity=True)
    report = structured_report(result, study, capture, keep_identity=True)
    send(orthanc, [film, capture, report])

    [found] = find_studies(orthanc, patient_id="ROUND-TRIP")
    assert found.study_uid == study.study_uid
    assert (found.patient_name, found.study_date) == ("Canary^Zebedee", "20200301")
    assert set(found.modalities) == {"CR", "OT", "SR"}
    [fetched] = fetch_study(orthanc, found.study_uid)
    assert np.array_equal(read_radiograph(fetched).pixels, read_radiograph(film).pixels)
    assert read_study(fetched) == study


def test_what_was_sent_is_what_the_archive_holds(orthanc: Archive) -> None:
    study = read_study(film_file(**tags("CAPTURE")))
    assert study is not None
    capture = secondary_capture(made(), study, keep_identity=True)
    send(orthanc, [capture])
    with dicomweb._task(orthanc) as (client, _):
        sent = pydicom.dcmread(io.BytesIO(capture))
        back = client.retrieve_instance(
            sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID
        )
    assert np.array_equal(back.pixel_array, sent.pixel_array)
    assert back.PatientID == "CAPTURE"


def test_studies_are_found_by_day_too(orthanc: Archive) -> None:
    send(orthanc, [film_file(**tags("BY-DAY"), StudyDate="20190507")])
    assert [s.patient_id for s in find_studies(orthanc, study_date="20190507")] == ["BY-DAY"]
    assert [s.patient_id for s in find_studies(orthanc, study_date="20190501-20190531")] == [
        "BY-DAY"
    ]
    assert find_studies(orthanc, patient_id="BY-DAY", study_date="20190508") == []
    assert find_studies(orthanc, patient_id="nobody") == []


def test_only_radiographs_are_fetched(orthanc: Archive) -> None:
    study = read_study(film_file(**tags("NO-FILM")))
    assert study is not None
    send(orthanc, [secondary_capture(made(), study, keep_identity=True)])
    with pytest.raises(CovidCoreError, match="no radiograph"):
        fetch_study(orthanc, study.study_uid)
    with pytest.raises(CovidCoreError, match="no radiograph"):
        fetch_study(orthanc, generate_uid())


def test_a_study_is_fetched_within_bounds(
    orthanc: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = tags("MANY")
    send(orthanc, [film_file(**of), film_file(**of), film_file(**of)])
    assert len(fetch_study(orthanc, of["StudyInstanceUID"])) == 3
    monkeypatch.setattr(dicomweb, "MAX_FILMS", 2)
    with pytest.raises(CovidCoreError, match="more than 2 radiographs"):
        fetch_study(orthanc, of["StudyInstanceUID"])
    monkeypatch.setattr(dicomweb, "MAX_FILMS", 16)
    monkeypatch.setattr(dicomweb, "MAX_BYTES", 1 << 17)
    with pytest.raises(CovidCoreError, match="or more than"):
        fetch_study(orthanc, of["StudyInstanceUID"])


def failure(archive: Archive, caplog: pytest.LogCaptureFixture) -> CovidCoreError:
    """How every task fails there: in the same words, which name nobody."""
    caplog.set_level(logging.DEBUG)
    errors = []
    for task in (
        lambda: find_studies(archive, patient_id="CANARY4711"),
        lambda: fetch_study(archive, "1.2.826.4711.1"),
        lambda: send(archive, [film_file()]),
    ):
        with pytest.raises(CovidCoreError) as raised:
            task()
        errors.append(raised.value)
        assert raised.value.__suppress_context__ or raised.value.__context__ is None
    text = caplog.text + " ".join(map(str, errors))
    assert "4711" not in text and "anary" not in text
    assert len({error.sentence for error in errors}) == 1
    return errors[0]


def test_nothing_listening_is_said(caplog: pytest.LogCaptureFixture) -> None:
    error = failure(Archive(f"http://127.0.0.1:{free_port()}/dicom-web"), caplog)
    assert error.problem == "the archive can't be reached" and "port" in error.remedy


def test_a_wrong_path_is_said(orthanc: Archive, caplog: pytest.LogCaptureFixture) -> None:
    wrong = replace(orthanc, url=orthanc.url.replace("dicom-web", "elsewhere"))
    error = failure(wrong, caplog)
    assert "(404)" in error.problem and "/dicom-web" in error.remedy


def test_a_wrong_password_is_said(orthanc: Archive, caplog: pytest.LogCaptureFixture) -> None:
    assert "(401)" in failure(replace(orthanc, password="wrong"), caplog).problem
    assert "(401)" in failure(Archive(orthanc.url), caplog).problem


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8042", "ftp://pacs/dicom-web", "http://", "http://a:b@pacs/", "http://pacs:x/"],
)
def test_what_is_no_address_is_said(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert "no address" in failure(Archive(url), caplog).problem


@pytest.fixture
def stub() -> tuple[Archive, dict[str, object]]:
    """A server, and the answer that it gives to each request, which a test may change."""
    answer: dict[str, object] = {"status": 200, "body": b"", "headers": {}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(answer["status"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer["body"])))
            self.end_headers()
            self.wfile.write(answer["body"])

        do_POST = do_GET

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Archive(f"http://127.0.0.1:{server.server_port}/dicom-web", timeout_s=LONGEST_S), answer
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "words"), [(500, "status 500"), (403, "(403)"), (413, "that large"), (400, "400")]
)
def test_a_refusal_is_said(
    stub: tuple[Archive, dict], status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    archive, answer = stub
    answer["status"] = status
    assert words in failure(archive, caplog).problem


def test_a_page_that_is_no_archive_is_said(
    stub: tuple[Archive, dict], caplog: pytest.LogCaptureFixture
) -> None:
    archive, answer = stub
    answer |= {"body": b"<html>Welcome</html>", "headers": {"Content-Type": "text/html"}}
    with pytest.raises(CovidCoreError, match="not a DICOMweb response"):
        find_studies(archive, patient_id="1")
    with pytest.raises(CovidCoreError, match="did not confirm 1 of 1"):
        send(archive, [film_file()])


def test_a_redirection_is_not_followed(
    stub: tuple[Archive, dict], caplog: pytest.LogCaptureFixture
) -> None:
    archive, answer = stub
    answer |= {"status": 302, "headers": {"Location": "http://127.0.0.1:1/elsewhere"}}
    assert "another address" in failure(archive, caplog).problem


def test_an_archive_that_does_not_answer_is_said() -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        archive = Archive(f"http://127.0.0.1:{silent.getsockname()[1]}/dicom-web", timeout_s=0.3)
        with pytest.raises(CovidCoreError, match="within 0.3 seconds"):
            find_studies(archive, patient_id="1")


def test_a_search_needs_something_to_search_for() -> None:
    with pytest.raises(CovidCoreError, match="Nothing was given"):
        find_studies(Archive("http://localhost/dicom-web"), patient_id=" ")
    with pytest.raises(CovidCoreError, match="no study's UID"):
        fetch_study(Archive("http://localhost/dicom-web"), "../patients")


def test_neither_password_nor_patient_is_printed() -> None:
    assert "secret" not in repr(Archive("http://pacs/dicom-web", "me", "secret"))
    assert "Canary" not in repr(FoundStudy("1.2", "1", "Canary^Zebedee", "", "", ()))


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "dicomweb_client", None)
    with pytest.raises(CovidCoreError, match=r"needs dicomweb-client.*\[dicom\]"):
        find_studies(Archive("http://localhost/dicom-web"), patient_id="1")

"""A hostile or broken archive: bounded in bytes and in time, and reported in a sentence."""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat

import pytest

from covid_core.errors import CovidCoreError
from covid_core.exports import dicomweb
from covid_core.exports.dicomweb import Archive, fetch_study, find_studies, send
from tests.exports.results import film_file
from tests.waits import LONGEST_S

pytestmark = pytest.mark.filterwarnings("error")

STUDY = "1.2.826.0.1"
LIST = b"Content-Type: application/dicom+json\r\n"
PARTS = b'Content-Type: multipart/related; type="application/dicom"; boundary=edge\r\n'
OK = b"HTTP/1.1 200 OK\r\n"
PART = b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n"
END = b"\r\n--edge--\r\n"
_PIECE = bytes(64 * 1024)

Answer = Callable[[str], Iterable[bytes]]


@dataclass
class Hostile:
    """A server that answers each request with what `answer` gives for its path, as it comes."""

    answer: Answer = lambda path: ()
    paths: list[str] = field(default_factory=list)
    sent: int = 0
    port: int = 0

    def archive(self, total_s: float = LONGEST_S) -> Archive:
        return Archive(f"http://127.0.0.1:{self.port}/dicom-web", total_s=total_s)

    def films(self, *pieces: bytes, head: bytes = b"", then: Iterable[bytes] = ()) -> None:
        """Answer a list of one series, and for its films these pieces."""

        def answer(path: str) -> Iterable[bytes]:
            return series() if path.endswith("Modality") else chain([OK, head], pieces, then)

        self.answer = answer


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    state = Hostile()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline().split()[1].decode()
            length = 0
            while (line := self.rfile.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            state.paths.append(path)
            try:
                for piece in state.answer(path):
                    self.request.sendall(piece)
                    state.sent += len(piece)
            except OSError:  # the other side has had enough
                pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield state
        server.shutdown()


def counted(body: bytes) -> list[bytes]:
    return [OK, LIST, b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body), body]


def series(uids: Iterable[str] = ("1.2.3",)) -> list[bytes]:
    """The list of a study's series, all of radiographs."""
    return counted(
        json.dumps(
            [
                {
                    "00080060": {"vr": "CS", "Value": ["CR"]},
                    "0020000E": {"vr": "UI", "Value": [uid]},
                }
                for uid in uids
            ]
        ).encode()
    )


def trickle() -> Iterator[bytes]:
    """A byte at a time, each sooner than anybody gives up to wait for one."""
    while True:
        time.sleep(0.02)
        yield b"1"


def test_a_whole_film_is_had(hostile: Hostile) -> None:
    film = film_file()
    hostile.films(PARTS, b"\r\n", PART, film, END)
    assert fetch_study(hostile.archive(), STUDY) == [film]
    hostile.films(b"Content-Type: application/dicom\r\n\r\n", film)
    assert fetch_study(hostile.archive(), STUDY) == [film]


def test_a_compressed_answer_is_refused_before_it_expands(hostile: Hostile) -> None:
    bomb = gzip.compress(bytes(50 * 1024**2))
    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    hostile.answer = lambda path: [OK, LIST, head, bomb]
    for task in (
        lambda: find_studies(hostile.archive(), patient_id="1"),
        lambda: send(hostile.archive(), [film_file()]),
    ):
        with pytest.raises(CovidCoreError, match="answer is compressed"):
            task()
    hostile.films(PARTS, head, bomb)
    with pytest.raises(CovidCoreError, match="answer is compressed"):
        fetch_study(hostile.archive(), STUDY)


def test_a_list_without_end_is_read_so_far_and_no_further(hostile: Hostile) -> None:
    hostile.answer = lambda path: chain([OK, LIST, b"\r\n["], repeat(b" " * len(_PIECE)))
    with pytest.raises(CovidCoreError, match="answer is too long"):
        find_studies(hostile.archive(), patient_id="1")
    with pytest.raises(CovidCoreError, match="answer is too long"):
        fetch_study(hostile.archive(), STUDY)
    assert hostile.sent < 8 * dicomweb.MAX_LIST_BYTES


@pytest.mark.parametrize(
    "head", [PARTS + b"\r\n" + PART, b"Content-Type: application/dicom\r\n\r\n"]
)
def test_a_film_without_end_is_read_so_far_and_no_further(
    hostile: Hostile, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicomweb, "MAX_FILE_BYTES", 1024**2)
    hostile.films(head=head, then=repeat(_PIECE))
    with pytest.raises(CovidCoreError, match="larger than 1 MiB"):
        fetch_study(hostile.archive(), STUDY)
    assert hostile.sent < 32 * 1024**2


def test_films_without_end_are_counted(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.films(head=PARTS + b"\r\n", then=repeat(PART + film_file()))
    with pytest.raises(CovidCoreError, match="more than 16 radiographs"):
        fetch_study(hostile.archive(), STUDY)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        OK + PARTS + b"\r\n",
        OK + PARTS + b"\r\n" + PART,
        OK + PARTS + b"Content-Length: 1000000\r\n\r\n",
        OK + PARTS + b"Transfer-Encoding: chunked\r\n\r\n",
        OK + PARTS + b"Transfer-Encoding: chunked\r\n\r\n100000\r\n",
        OK + PARTS + b"Connection: close\r\n\r\n",
    ],
)
def test_a_trickle_does_not_outlast_the_time_for_a_task(hostile: Hostile, start: bytes) -> None:
    hostile.answer = lambda path: (
        series() if path.endswith("Modality") else chain([start], trickle())
    )
    with pytest.raises(CovidCoreError, match=r"not done within 0\.5 seconds"):
        fetch_study(hostile.archive(total_s=0.5), STUDY)
    hostile.answer = lambda path: chain([start], trickle())
    with pytest.raises(CovidCoreError, match=r"not done within 0\.5 seconds"):
        find_studies(hostile.archive(total_s=0.5), patient_id="1")
    with pytest.raises(CovidCoreError, match=r"not done within 0\.5 seconds"):
        send(hostile.archive(total_s=0.5), [film_file()])


def test_one_that_takes_nothing_does_not_outlast_it_either() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        archive = Archive(f"http://127.0.0.1:{deaf.getsockname()[1]}/dicom-web", total_s=0.5)
        with pytest.raises(CovidCoreError, match=r"not done within 0\.5 seconds"):
            send(archive, [film_file()] * 200)  # more than the system takes in for it


@pytest.mark.parametrize(
    "pieces",
    [
        (PARTS, b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + bytes(200_000)),
        (PARTS, b"\r\n", PART, b"PK\x03\x04" + bytes(100), END),
        (PARTS, b"\r\n", PART, bytes(128) + b"DICM" + bytes(1000)),
        (PARTS, b"\r\n", b"\r\n--edge", b"\r\n--edge", END),
        (b"Content-Type: multipart/related\r\n\r\n", PART, bytes(128) + b"DICM", END),
        (b"Content-Type: text/html\r\n\r\n", b"<html>"),
    ],
    ids=["line without end", "ZIP", "cut short", "empty parts", "no boundary", "HTML"],
)
def test_what_is_no_dicomweb_is_refused(hostile: Hostile, pieces: tuple[bytes, ...]) -> None:
    hostile.films(*pieces)
    with pytest.raises(CovidCoreError, match="not a DICOMweb response"):
        fetch_study(hostile.archive(), STUDY)


def test_a_series_is_requested_by_what_is_a_uid(hostile: Hostile) -> None:
    hostile.answer = lambda path: series(["../../patients"])
    with pytest.raises(CovidCoreError, match="not a DICOMweb response"):
        fetch_study(hostile.archive(), STUDY)
    assert len(hostile.paths) == 1


def test_a_study_of_series_without_end_is_refused(hostile: Hostile) -> None:
    hostile.answer = lambda path: series(f"1.2.{i}" for i in range(dicomweb.MAX_SERIES + 1))
    with pytest.raises(CovidCoreError, match="more than 1000 series"):
        fetch_study(hostile.archive(), STUDY)


@pytest.mark.parametrize("given", ["*", "12?4", "1\\2", "12*", "*\n", "1\x002"])
def test_no_wildcard_gets_to_an_archive(hostile: Hostile, given: str) -> None:
    with pytest.raises(CovidCoreError, match="find other patients"):
        find_studies(hostile.archive(), patient_id=given)
    with pytest.raises(CovidCoreError, match="no study date"):
        find_studies(hostile.archive(), patient_id="1", study_date=given)
    assert hostile.paths == []

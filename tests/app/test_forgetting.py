"""What a running server holds of a film: the page's own while it is open, and nothing after."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.texts.worklist import DROP
from benchmarks.servers import Server, served
from benchmarks.visitors import visiting
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from tests.films import dicom_file
from tests.waits import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
ANSWER = "Calibrated probability of COVID-19"
SIZE_PX = 1200


# What Python runs in the server before anything else.
_COUNT = """
import gc, os, signal
NAMES = {"Item", "OpenFilm", "Reading", "Radiograph", "Prediction", "UploadedFile",
         "UploadedFileRec"}
def count(*_):
    held = sum(type(one).__name__ in NAMES for one in gc.get_objects())
    with open("FILE.part", "w") as file:
        file.write(str(held))
    os.replace("FILE.part", "FILE")
signal.signal(signal.SIGUSR1, count)
"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server writes how many objects of films it holds."""
    return tmp_path_factory.mktemp("count") / "held"


@pytest.fixture(scope="module")
def server(counted: Path) -> Iterator[Server]:
    """Closed pages may come back within one second here, not fifteen."""
    (counted.parent / "sitecustomize.py").write_text(_COUNT.replace("FILE", str(counted)))
    environment = {
        "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1",
        "PYTHONPATH": str(counted.parent),
    }
    with served(environment=environment) as server:
        yield server


def film(seed: int) -> bytes:
    """A phantom in a file above 1 MB."""
    return dicom_file(draw_phantom(size_px=SIZE_PX, seed=seed))


def test_uploads_are_let_go_once_they_are_read_and_the_films_stay(server: Server) -> None:
    data = film(0)
    with visiting(server.address) as visitor:
        visitor.put(DROP, ("a.dcm", data))
        assert server.uploads() == len(data)
        first = visitor.again()
        assert first.says(ANSWER)
        wait_until(lambda: server.uploads() == 0, "the upload is let go", pause_s=1)
        again = visitor.again()
        assert again.views == first.views and again.says(ANSWER)
        visitor.give(DROP, ("b.png", png(draw_phantom(size_px=256))))
        visitor.wait_for("**2 films: ")
        assert visitor.take_back(DROP).says("Drop a frontal chest radiograph")


def test_no_upload_touches_the_disk(server: Server) -> None:
    """As a temporary file it would be one without a name, and so be seen here only."""
    data = film(1)
    seen: set[str] = set()
    with visiting(server.address) as visitor, ThreadPoolExecutor(1) as pool:
        before = open_files(server.pid)
        slowly = pool.submit(visitor.put, DROP, ("a.dcm", data), bytes_per_s=len(data) // 2)
        while not slowly.done():
            seen |= open_files(server.pid) - before
            time.sleep(0.05)
        slowly.result()
    assert {path for path in seen if path.startswith("/") and "/dev/" not in path} == set()


def open_files(pid: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(link.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found


def test_a_closed_page_s_films_are_let_go_by_a_server_that_nobody_visits(
    server: Server, counted: Path
) -> None:
    data = film(2)
    with visiting(server.address) as visitor:
        assert visitor.give(DROP, ("a.dcm", data)).says(ANSWER)
        assert held(server, counted) > 0
    wait_until(lambda: held(server, counted) == 0, "the film is let go", pause_s=1)
    with visiting(server.address) as visitor:
        assert visitor.give(DROP, ("a.dcm", data)).says(ANSWER), "the server goes on"


def held(server: Server, counted: Path) -> int:
    """How many objects of a film live in the server, as it counts itself on request."""
    counted.unlink(missing_ok=True)
    os.kill(server.pid, signal.SIGUSR1)
    wait_until(counted.exists, "the server has counted")
    return int(counted.read_text())

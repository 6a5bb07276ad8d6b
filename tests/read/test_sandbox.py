"""Pictures from a child process: what was stored, within limits, and whatever happens to the child
takes nothing else along."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import multiprocessing.connection
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from covid_core.errors import UNREADABLE, RefusedFile
from covid_core.read import sandbox
from covid_core.read.dicom import decode_values
from covid_core.read.sandbox import decode_in_child
from tests.films import dicom_file, grey_film
from tests.read import in_child

ROOT = Path(__file__).parent.parent.parent
FILM = grey_film().astype(np.uint16) * 16
linux = pytest.mark.skipif(sys.platform != "linux", reason="as Linux has it")
posix = pytest.mark.skipif(os.name != "posix", reason="no signals, and no limits, on Windows")


def decompressed(data: bytes) -> np.ndarray | None:
    decoded = decode_in_child(decode_values, data)
    return None if decoded is None else decoded[0]


@pytest.fixture(params=multiprocessing.get_all_start_methods())
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a child is started: as on this system, and as on others."""
    if request.param == "fork":
        pytest.skip("never used: a page has threads")
    monkeypatch.setattr(sandbox, "_CONTEXT", multiprocessing.get_context(request.param))
    return str(request.param)


@linux
def test_a_child_has_only_so_much_memory() -> None:
    assert decode_in_child(in_child.greedy, b"") is None


@posix
def test_a_child_has_only_so_much_processor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_SECONDS", 600)
    assert decode_in_child(in_child.busy, b"") is None


@posix
def test_a_child_that_crashes_ends_its_own_file_alone() -> None:
    assert decode_in_child(in_child.crashing, b"") is None
    assert decompressed(dicom_file(FILM, syntax=RLELossless)) is not None


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_SECONDS", 0.5)
    with pytest.raises(RefusedFile, match="took more than") as refused:
        decode_in_child(in_child.endless, b"")
    assert refused.value.code == UNREADABLE, "the machine may have been busy: not held for good"
    assert multiprocessing.active_children() == []


def test_a_machine_without_room_for_a_child_says_nothing_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(sandbox._CONTEXT, "Pipe", full)
    with pytest.raises(RefusedFile, match="could not be started") as refused:
        decode_in_child(in_child.processes, b"")
    assert refused.value.code == UNREADABLE


def test_what_a_codec_says_of_a_file_is_shown_to_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    assert decode_in_child(in_child.raising, b"") is None
    assert "DOE" not in "".join(capfd.readouterr())


def test_each_file_has_a_child_of_its_own() -> None:
    answers = [decode_in_child(in_child.processes, b"") for _ in range(2)]
    assert len({one[1]["own"] for one in answers if one}) == 2


def test_a_program_s_main_file_is_not_run_again(tmp_path: Path) -> None:
    """As Streamlit's pages are, which are run whole by whoever imports them."""
    script = tmp_path / "page.py"
    script.write_text(
        "print('run', flush=True)\n"
        "from covid_core.read.sandbox import decode_in_child\n"
        "from tests.read.in_child import processes\n"
        "print('decoded' if decode_in_child(processes, b'') else 'failed')\n"
    )
    completed = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert completed.stdout.split() == ["run", "decoded"]


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEG2000Lossless, RLELossless])
def test_either_way_gives_what_was_stored(way: str, syntax: str) -> None:
    pixels = decompressed(dicom_file(FILM, bits_stored=12, syntax=syntax))
    assert pixels is not None and np.array_equal(pixels, FILM)


def test_the_largest_film_allowed_is_within_a_child_s_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox, "MAX_SECONDS", 600)  # of time: the limit of memory counts
    monkeypatch.setattr(sandbox, "MAX_CPU_SECONDS", 600)
    film = np.resize(FILM, (3520, 4280))
    pixels = decompressed(dicom_file(film, bits_stored=12, syntax=JPEG2000Lossless))
    assert pixels is not None and np.array_equal(pixels, film)


def test_either_way_survives_what_is_no_film(way: str) -> None:
    data = dicom_file(FILM, bits_stored=12, syntax=JPEGLosslessSV1)
    with pytest.raises(RefusedFile, match="program"):
        decompressed(b"MZ")
    with pytest.raises(RefusedFile, match="cut short"):
        decompressed(data[: len(data) // 2])
    assert decompressed(data) is not None


def test_films_at_once_do_not_mix() -> None:
    films = [(grey_film(seed=seed).astype(np.uint16) * 16) for seed in range(6)]
    files = [dicom_file(film, bits_stored=12, syntax=JPEGLosslessSV1) for film in films]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(decompressed, files))
    for film, pixels in zip(films, found, strict=True):
        assert pixels is not None and np.array_equal(pixels, film)


@linux
def test_a_server_that_died_is_followed_by_another() -> None:
    answer = decode_in_child(in_child.processes, b"")
    assert answer is not None
    os.kill(answer[1]["server"], signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PID, answer[1]["server"], os.WEXITED | os.WNOWAIT)  # until it has ended
    assert decompressed(dicom_file(FILM, bits_stored=12, syntax=RLELossless)) is not None


@linux
def test_the_server_ends_with_who_started_it() -> None:
    program = (
        "import sys; from covid_core.read.sandbox import decode_in_child;"
        "from tests.read.in_child import processes;"
        "print(decode_in_child(processes, b'')[1]['server'], flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, text=True, **pipes) as parent:
        assert parent.stdout is not None
        server = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    assert multiprocessing.connection.wait([server], timeout=120) == [server]
    os.close(server)

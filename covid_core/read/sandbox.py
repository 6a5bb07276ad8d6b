"""Pictures decoded in a process of their own: compressed DICOM, TIFF and WebP.

Their codecs are native code. On a damaged file they can crash the process that runs them (gdcm
3.2.6: SIGSEGV in GetBuffer), and with it every session of the page; and some take memory and time
by what a header says. A child process takes the crash, has limits, and can reach neither files nor
the network (`confinement`). It answers in JSON and plain bytes: a pickle of a child that a file has
taken over would take its parent over too.

Loading the codecs takes a child longer than decoding a radiograph. So where the system has Python's
fork server, that loads them once and forks a child for each file; elsewhere each child loads them.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from covid_core.errors import UNREADABLE, RefusedFile
from covid_core.read.confinement import confine
from covid_core.read.private_interfaces import spare_main
from covid_core.storage.system_limits import limit_this_process
from covid_core.storage.system_processes import start_context

# Of addresses, beyond the codecs themselves: the largest radiograph allowed needs less.
MAX_MORE_BYTES = 480 * 1024**2
MAX_CPU_SECONDS = 15  # a slow one took more than 5 for the largest film allowed
MAX_SECONDS = 45
_MAX_START_SECONDS = 60  # the first child waits for the fork server to load the codecs
_MAX_DESCRIBED_BYTES = 1024**2
_NAME = "decoding child"
_CODECS = [
    "pydicom",  # the others' own package may not be found yet where the server starts
    "gdcm",
    "PIL.TiffImagePlugin",
    "PIL.WebPImagePlugin",
    "covid_core.read.dicom",
    "covid_core.read.jpeg_extended",
    "covid_core.read.raster",
]

_CONTEXT = start_context(_CODECS)
spare_main(_NAME)

Decoded = tuple[np.ndarray, dict[str, Any]]
"""A picture's numbers, and what else there is to say of it, as JSON can hold it."""


def decode_in_child(decode: Callable[[bytes], Decoded], data: bytes) -> Decoded | None:
    """What `decode`, a function of a module, makes of a file's bytes; None where it fails.

    It fails where it crashes or exceeds a limit. Raises RefusedFile where `decode` does, and, as
    UNREADABLE, where the machine is at fault: no process could be started, or the time was over.
    """
    with contextlib.ExitStack() as opened:
        try:
            ours, child = _start(decode, opened)
        except (OSError, EOFError) as error:
            raise _not_decoded("the process that decodes it could not be started") from error
        with _killed_after(MAX_SECONDS, child) as late:
            try:
                return _ask(ours, data)
            except (OSError, EOFError, ValueError, LookupError, TypeError):  # also of nonsense
                if late.is_set():
                    raise _not_decoded(f"decoding it took more than {MAX_SECONDS} s") from None
                return None
            finally:
                ours.close()
                child.join()


def _start(
    decode: Callable[[bytes], Decoded], opened: contextlib.ExitStack
) -> tuple[Connection, BaseProcess]:
    """A child that has loaded the codecs, and the connection to it. Raises OSError, EOFError."""
    ours, theirs = _CONTEXT.Pipe()
    opened.enter_context(ours)
    child = _CONTEXT.Process(
        target=_answer, args=(decode, theirs, MAX_CPU_SECONDS), name=_NAME, daemon=True
    )
    with theirs:
        _find_temporary_folder()
        child.start()
    try:
        with _killed_after(_MAX_START_SECONDS, child):
            ours.recv_bytes()
    except (OSError, EOFError):
        child.kill()
        child.join()
        raise
    return ours, child


def _not_decoded(problem: str) -> RefusedFile:
    return RefusedFile(UNREADABLE, problem, "Try again when the machine is less busy")


def _find_temporary_folder() -> None:
    """Let the fork server have its socket, which takes no byte, on a disk that is full too.

    `tempfile` tries a folder by writing to it, and names none where that fails.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        tempfile.tempdir = os.environ.get("TMPDIR", "/tmp")


@contextlib.contextmanager
def _killed_after(seconds: float, child: BaseProcess) -> Iterator[threading.Event]:
    """Kill the child once that time is over; the event is set by then."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _ask(child: Connection, data: bytes) -> Decoded:
    child.send_bytes(data)
    described = json.loads(child.recv_bytes(_MAX_DESCRIBED_BYTES))
    if "refused" in described:
        raise RefusedFile(*map(str, described["refused"]))
    shape, kind = described.pop("shape"), described.pop("dtype")
    return np.frombuffer(child.recv_bytes(MAX_MORE_BYTES), kind).reshape(shape), described


def _answer(decode: Callable[[bytes], Decoded], parent: Connection, max_cpu_seconds: int) -> None:
    """Decode what the parent sends once it hears that the codecs are loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent finishes its files in hand
    for codec in _CODECS:
        importlib.import_module(codec)
    _silence()
    limit_this_process(max_cpu_seconds, MAX_MORE_BYTES)
    confine()
    parent.send_bytes(b"ready")
    with contextlib.suppress(Exception):  # whose message may quote a patient
        try:
            array, described = decode(parent.recv_bytes())
        except RefusedFile as error:
            array = np.empty(0)
            described = {"refused": (error.code, error.problem, error.remedy)}
        described |= {"shape": array.shape, "dtype": array.dtype.str}
        parent.send_bytes(json.dumps(described).encode())
        parent.send_bytes(np.ascontiguousarray(array).data.cast("B"))


def _silence() -> None:
    """Let nothing that a codec prints reach the program's log."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)

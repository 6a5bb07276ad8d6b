"""Pictures decoded in a process of their own: compressed DICOM, TIFF and WebP.

Their codecs are native code. On a damaged file they can crash the process that runs them (gdcm
3.2.6: SIGSEGV in GetBuffer), and with it every session of the page; and some take memory and time
by what a header says. A child process takes the crash, and the limits besides.

Loading the codecs takes a child longer than decoding a film. So where processes can fork, a server
has them loaded, decodes nothing itself, and forks a child for each film; it ends with the process
that started it. Elsewhere each film's child loads them:

    python -m covid_core.read.sandbox < request > answer

A request is a line "module function bytes" and the file; an answer a line of JSON and an array's
bytes.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from covid_core.errors import RefusedFile

# Of addresses, beyond the codecs themselves: the largest film allowed asks for less.
MAX_MORE_BYTES = 480 * 1024**2
MAX_CPU_SECONDS = 5
MAX_SECONDS = 15
_ROOT = Path(__file__).parent.parent.parent
_COMMAND = (sys.executable, "-m", "covid_core.read.sandbox")
_FORKS = hasattr(os, "fork") and hasattr(socket, "send_fds")
# Loaded once, for all children.
_DECODERS = (
    "covid_core.read.dicom",
    "covid_core.read.raster",
    "PIL.TiffImagePlugin",
    "PIL.WebPImagePlugin",
)

Decoded = tuple[np.ndarray, dict[str, Any]]


def in_child(decode: Callable[[bytes], Decoded], data: bytes) -> Decoded | None:
    """What `decode`, a module's own function, makes of a file's bytes: an array, and what else
    there is to tell, as JSON can hold it.

    None where it crashes, or exceeds what it may take; raises RefusedFile where that does.
    """
    request = f"{decode.__module__} {decode.__name__} {len(data)}\n".encode()
    try:
        return _forked(request, data) if _FORKS else _spawned(request, data)
    except (subprocess.SubprocessError, OSError, ValueError, EOFError):
        return None


def _spawned(request: bytes, data: bytes) -> Decoded:
    child = subprocess.run(
        _COMMAND,
        input=request + data,
        capture_output=True,
        timeout=MAX_SECONDS,
        cwd=_ROOT,
        check=True,
    )
    return _unpacked(io.BytesIO(child.stdout))


def _forked(request: bytes, data: bytes) -> Decoded:
    with _server().film() as film:
        film.settimeout(2 * MAX_SECONDS)  # the child has its own, shorter one
        film.sendall(request)
        film.sendall(data)
        with film.makefile("rb") as answer:
            return _unpacked(answer)


def _unpacked(answer: io.BufferedIOBase) -> Decoded:
    told = json.loads(answer.readline())
    if "refused" in told:
        raise RefusedFile(*told["refused"])
    array = np.empty(told.pop("shape"), told.pop("dtype"))
    if answer.readinto(array.data.cast("B")) != array.nbytes:
        raise EOFError
    return array, told


class _Server:
    """The server as the process that asks it sees it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                (*_COMMAND, str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for its parent, which finishes films in hand
            )

    def serves(self) -> bool:
        """Whether it is alive, and this process's own: a fork of it shares no server."""
        return self.owner == os.getpid() and self._process.poll() is None

    def film(self) -> socket.socket:
        """A way to a child of one film's own: it reads a request, and writes its answer."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
        return ours


_running: _Server | None = None
_starting = threading.Lock()
if _FORKS:
    os.register_at_fork(after_in_child=lambda: globals().update(_starting=threading.Lock()))


def _server() -> _Server:
    global _running
    with _starting:
        if _running is None or not _running.serves():
            _running = _Server()
        return _running


def _serve(control: socket.socket) -> None:
    """Forks for each film, until whoever asks has gone."""
    for decoder in _DECODERS:
        importlib.import_module(decoder)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that none stays as a zombie
    while True:
        _, films, _, _ = socket.recv_fds(control, 1, 1)
        if not films:
            return
        with socket.socket(fileno=films[0]) as film:
            if os.fork() == 0:
                with contextlib.suppress(BaseException):
                    control.close()
                    signal.alarm(MAX_SECONDS)
                    with film.makefile("rb") as request, film.makefile("wb") as answer:
                        _answer(request, answer)
                os._exit(0)


def _answer(request: BinaryIO, answer: BinaryIO) -> None:
    module, name, size = request.readline().decode().split()
    decode = getattr(importlib.import_module(module), name)
    _limit()
    try:
        array, told = decode(request.read(int(size)))
    except RefusedFile as error:
        array, told = np.empty(0), {"refused": (error.code, error.problem, error.remedy)}
    told |= {"shape": array.shape, "dtype": array.dtype.str}
    answer.write(json.dumps(told).encode() + b"\n")
    answer.write(np.ascontiguousarray(array).data.cast("B"))


def _limit() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # none on Windows, and one on macOS
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = held * resource.getpagesize() + MAX_MORE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _main() -> None:
    if len(sys.argv) > 1:
        _serve(socket.socket(fileno=int(sys.argv[1])))
    else:
        _answer(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    _main()

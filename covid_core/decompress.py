"""Compressed DICOM pixels, decoded in a process of their own.

The codecs behind JPEG Lossless, JPEG-LS and JPEG 2000 are native code. On a damaged file they can
crash the process that runs them (gdcm 3.2.6: SIGSEGV in GetBuffer), and with it every session of
the page. A child process takes the crash, and the limits on memory and time besides.

Loading pydicom and the codecs takes a child longer than decoding a film. So where processes can
fork, a server has them loaded, decodes nothing itself, and forks a child for each film; it ends
with the process that started it. Elsewhere each film's child loads them:

    python -m covid_core.decompress < file.dcm > pixels.npy
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

MAX_MEMORY_BYTES = 2 * 1024**3
MAX_SECONDS = 15
_ROOT = Path(__file__).parent.parent
_COMMAND = (sys.executable, "-m", "covid_core.decompress")
_FORKS = hasattr(os, "fork") and hasattr(socket, "send_fds")


def decompressed(data: bytes) -> np.ndarray | None:
    """The stored values of a DICOM file's bytes, as `pixel_array` gives them; None on failure."""
    try:
        return _forked(data) if _FORKS else _spawned(data)
    except (subprocess.SubprocessError, OSError, ValueError, EOFError):
        return None


def _spawned(data: bytes) -> np.ndarray:
    child = subprocess.run(
        _COMMAND, input=data, capture_output=True, timeout=MAX_SECONDS, cwd=_ROOT, check=True
    )
    return _unpacked(child.stdout)


def _forked(data: bytes) -> np.ndarray:
    with _server().film() as film:
        film.settimeout(2 * MAX_SECONDS)  # the child has its own, shorter one
        film.sendall(data)
        film.shutdown(socket.SHUT_WR)
        with film.makefile("rb") as answer:
            return _unpacked(answer.read())


def _unpacked(answer: bytes) -> np.ndarray:
    return npy.read_array(io.BytesIO(answer), allow_pickle=False)


class _Server:
    """The server as the process that asks it sees it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                (*_COMMAND, str(theirs.fileno())), pass_fds=(theirs.fileno(),), cwd=_ROOT,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for its parent, which finishes films in hand
            )  # fmt: skip

    def serves(self) -> bool:
        """Whether it is alive, and this process's own: a fork of it shares no server."""
        return self.owner == os.getpid() and self._process.poll() is None

    def film(self) -> socket.socket:
        """A way to a child of one film's own: it reads a file to its end, and writes its pixels."""
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
    import pydicom.pixels  # noqa: F401  for the children

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
                    with film.makefile("rb") as file:
                        film.sendall(_packed_pixels(file.read()))
                os._exit(0)


def _packed_pixels(data: bytes) -> memoryview:
    import pydicom

    with contextlib.suppress(ImportError, OSError, ValueError):  # there is none to set on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    packed = io.BytesIO()
    npy.write_array(packed, pydicom.dcmread(io.BytesIO(data)).pixel_array, allow_pickle=False)
    return packed.getbuffer()


def _main() -> None:
    if len(sys.argv) > 1:
        _serve(socket.socket(fileno=int(sys.argv[1])))
    else:
        sys.stdout.buffer.write(_packed_pixels(sys.stdin.buffer.read()))


if __name__ == "__main__":
    _main()

"""What a child is made to run by tests, apart from them: it imports this module for each file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from covid_core.read.sandbox import MAX_MORE_BYTES, Decoded


def greedy(_: bytes) -> Decoded:
    return np.ones(MAX_MORE_BYTES + 64 * 1024**2, np.uint8), {}


def crashing(_: bytes) -> Decoded:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def endless(_: bytes) -> Decoded:
    while True:
        time.sleep(1)


def busy(_: bytes) -> Decoded:
    while True:
        pass


def raising(_: bytes) -> Decoded:
    raise KeyError("DOE^JANE")


def processes(_: bytes) -> Decoded:
    return np.empty(0), {"own": os.getpid(), "server": os.getppid()}


def refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return True
    return False


def touch_files(data: bytes) -> Decoded:
    """What is refused of a folder's file, and of Python's own."""
    file = Path(os.fsdecode(data))
    tried = {
        "read": file.read_bytes,
        "list": lambda: list(file.parent.iterdir()),
        "write": lambda: file.write_bytes(b"changed"),
        "make": lambda: file.with_name("new").write_bytes(b""),
        "delete": file.unlink,
        "read Python's own": Path(os.__file__).read_bytes,
    }
    return np.empty(0), {name: refused(act) for name, act in tried.items()}


def reach_out(_: bytes) -> Decoded:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    tried: dict[str, Callable[[], object]] = {
        "TCP": socket.socket,
        "UDP": lambda: socket.socket(type=socket.SOCK_DGRAM),
        "a local socket": lambda: socket.socket(socket.AF_UNIX),
        "a pair": socket.socketpair,
        "a program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "becoming one": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),
        "a process": os.fork,
        "a signal": lambda: os.kill(os.getppid(), signal.SIGCONT),
    }
    return np.empty(0), {name: refused(act) for name, act in tried.items()}

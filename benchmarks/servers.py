"""A server of the page, started as a user starts it, and what memory it takes."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.servers import page_command, wait_for_page
from tests.waits import LONGEST_S

HERE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in MB of 10^6 bytes. `resident`: now; `peak`: the most it ever was."""

    resident: float
    peak: float


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    `address`: without a slash at its end. `started`: time.monotonic(), in s, just before its
    process was.
    """

    address: str
    pid: int
    started: float

    def memory(self) -> Memory:
        """What memory its process has now."""
        return memory(self.pid)

    def uploads(self) -> int:
        """Bytes of uploads that Streamlit holds, beside what the page does."""
        metrics = requests.get(f"{self.address}/_stcore/metrics", timeout=LONGEST_S).text
        return sum(int(size) for size in re.findall(r"UploadedFileManager.*?\} (\d+)", metrics))

    def is_well(self) -> bool:
        """Whether it reports itself well."""
        return requests.get(f"{self.address}/_stcore/health", timeout=LONGEST_S).ok


@contextlib.contextmanager
def served(checkout: Path = HERE, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The page of a checkout, served by this interpreter; stopped afterwards.

    `environment`: what is added to this process's own. Raises RuntimeError where it does not start.
    """
    address, command = page_command()
    started = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=checkout,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    ) as process:
        try:
            wait_for_page(address, process)
            yield Server(address, process.pid, started)
        finally:
            process.terminate()


def memory(pid: int) -> Memory:
    """A process's memory, as Linux counts it."""
    return parsed(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))


def parsed(status: str) -> Memory:
    """The memory in a text of /proc/PID/status."""
    fields = dict(line.split(":", 1) for line in status.splitlines())
    resident, peak = (int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    return Memory(resident, peak)

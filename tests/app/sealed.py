"""A session where nothing can leave: without a route to any host, without a file that can grow.

    unshare -rn python -m tests.app.sealed

In that namespace the kernel counts every attempt to reach a host, and the server's files may hold
no byte (RLIMIT_FSIZE). Files that name somebody are read there, and some are refused; what the
server shows, logs, measures, maps and listens on is printed as JSON.
"""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any

from app.texts.worklist import DROP
from benchmarks.visitors import visiting
from covid_core.model.card import WEIGHTS
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from tests.app.serving import ROOT
from tests.canaries import Marked, marked_files
from tests.servers import page_command, wait_for_page

_LARGE = bytes(3 * 1024**2)  # after a picture's end: Starlette spools uploads from 1 MB on


def unreached() -> int:
    """How often a host was sought in this namespace that no route leads to."""
    names, values = [
        line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if "Ip:" in line
    ]
    of_six = re.search(r"Ip6OutNoRoutes\s+(\d+)", Path("/proc/net/snmp6").read_text())
    assert of_six
    return int(values[names.index("OutNoRoutes")]) + int(of_six[1])


def seek_a_host() -> None:
    """What must be counted, to know that it is."""
    with socket.socket() as seeking, suppress(OSError):
        seeking.connect(("192.0.2.1", 80))


def listening() -> list[str]:
    """The addresses that are listened on, as the kernel writes them: 0100007F is 127.0.0.1."""
    tables = [Path("/proc/net", name).read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table]
    return sorted({row[1].split(":")[0] for row in rows if row[3] == "0A"})


@contextmanager
def sealed_server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a server none of whose files can grow, and its process."""
    address, command = page_command()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=_seal,
    ) as server:
        try:
            wait_for_page(address, server)
            yield address, server
        finally:
            server.kill()


def _seal() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def files_of(pid: int) -> set[str]:
    """What a process and its children map, and what they have open to write into."""
    found = set()
    for one in [pid, *_children(pid)]:
        for line in Path(f"/proc/{one}/maps").read_text().splitlines():
            found |= set(line.split(maxsplit=5)[5:])
        for handle in Path(f"/proc/{one}/fd").iterdir():
            with suppress(OSError):
                info = Path(f"/proc/{one}/fdinfo", handle.name).read_text()
                flags = int(info.split("flags:")[1].split()[0], 8)
                if S_ISREG(handle.stat().st_mode) and flags & os.O_ACCMODE:
                    found.add(f"written: {handle.readlink()}")
    return found


def _children(pid: int) -> list[int]:
    listed = "".join(task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children"))
    own = [int(child) for child in listed.split()]
    return own + [one for child in own for one in _children(child)]


def large(file: Marked) -> bytes:
    """A picture's bytes with so many after its end that an upload of it is no small one."""
    return file.data + _LARGE if file.data.startswith((b"\x89PNG", b"\xff\xd8")) else file.data


def session() -> dict[str, Any]:
    Predictor.load(WEIGHTS)  # exports its graph, where there is none yet
    Lungs.load()
    shown, files = {}, set()
    with sealed_server() as (address, server):
        with visiting(address) as visitor:
            for file in marked_files():
                shown[file.name] = visitor.give(DROP, (file.name, large(file))).words
                files |= files_of(server.pid)
                visitor.take_back(DROP)
        metrics = urllib.request.urlopen(f"{address}/_stcore/metrics").read().decode()
        sought, ports = unreached(), listening()
        seek_a_host()
        server.terminate()
        log = server.stdout.read().decode() if server.stdout else ""
    return {
        "shown": shown,
        "files": sorted(files),
        "metrics": metrics,
        "log": log,
        "sought": sought,
        "sought by the test": unreached() - sought,
        "listening": ports,
    }


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    json.dump(session(), sys.stdout)

"""Servers that tests and benchmarks start: where, by what command, and when they are there."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.error
import urllib.request

from tests.waits import LONGEST_S, wait_until


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def page_command(script: str = "streamlit_app.py") -> tuple[str, list[str]]:
    """The address at which a page will be, on a free port, and the command that serves it there."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script]
    options = ["--server.headless", "true", "--server.port", str(port)]
    return f"http://127.0.0.1:{port}", [*command, *options]


def responds(url: str) -> bool:
    """Whether a server responds at an address, if only that it lets nobody in."""
    try:
        urllib.request.urlopen(url, timeout=LONGEST_S).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def wait_for_page(address: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return once the page at an address says that it is well. Raises as `wait_until` does."""
    wait_until(lambda: responds(f"{address}/_stcore/health"), "the page is served", process)

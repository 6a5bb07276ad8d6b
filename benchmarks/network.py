"""Does the program speak to anybody? Watched where no route leads anywhere (R9).

    python -m benchmarks.network

In a network namespace of its own (unshare -rn), with loopback alone: a whole session of the page in
Chromium, all its exports included, then `predict` and `train.py --init random`. What is counted:
the programs' calls by strace, hosts that the kernel found no route to, requests of the page, and
Chromium's own log of the network against one of an empty page.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.arguments import parser_of
from benchmarks.folders import films_in
from benchmarks.record import Figure, record
from benchmarks.servers import HERE
from benchmarks.sessions import browsing, whole_session
from benchmarks.tracing import Trace, traced, traced_server, watched
from covid_core.present import markdown
from tests.app.sealed import listening, seek_a_host, unreached
from tests.films import clinic

_INSIDE = "--inside"
_HOST = re.compile(r'"(?:host|url|hostname|origin|address)":\s*"(?:\w+://)?([^"/]+)')
_LOCAL = ("127.0.0.1", "[::1]", "localhost")
_ALONE = "--disable-features=AutofillServerCommunication,OptimizationHints"  # Chromium's own calls
_EMPTY_MS = 60_000  # for what else it does by itself, whatever is open
_TRAINING = ("--init", "random", "--stages", "32:0.5", "--batch-size", "8")


def page_session(folder: Path) -> tuple[Trace, dict[str, object]]:
    """The server's calls in a whole session; and what the browser requested, and listened on."""
    net, empty = folder / "net.json", folder / "empty.json"
    requested: list[str] = []
    with traced_server(folder) as address:
        with browsing(f"--log-net-log={empty}", _ALONE) as page:
            page.wait_for_timeout(_EMPTY_MS)
        with browsing(f"--log-net-log={net}", _ALONE) as page:
            page.on("request", lambda request: requested.append(request.url))
            saved = whole_session(page, address)
        open_to = listening()
    own = (address, address.replace("http", "ws"), "data:", "blob:")
    return traced(folder / "trace"), {
        "requests": len(requested),
        "elsewhere": sorted({url for url in requested if not url.startswith(own)}),
        "hosts": sorted(hosts_in(net) - hosts_in(empty)),
        "listening": open_to,
        "exports": len(saved),
    }


def hosts_in(log: Path) -> set[str]:
    """The hosts but this machine that a network log of Chromium names."""
    named = _HOST.findall(log.read_text(encoding="utf-8", errors="replace"))
    return {host for host in named if not host.startswith(_LOCAL)}


def command_run(arguments: Sequence[str], trace: Path) -> tuple[Trace, int]:
    """A command's calls, and how many hosts the kernel found no route to.

    Raises CalledProcessError where it fails.
    """
    before = unreached()
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    subprocess.run(
        watched([sys.executable, *arguments], trace),
        cwd=trace.parent,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return traced(trace), unreached() - before


def control(folder: Path) -> bool:
    """Whether a host that is sought is seen, by strace and by the kernel."""
    program = "from tests.app.sealed import seek_a_host; seek_a_host()"
    seen, counted = command_run(["-c", program], folder / "control")
    return seen.hosts == ("192.0.2.1",) and counted == 1


def measured(folder: Path) -> list[Figure]:
    seek_a_host()
    if not control(folder):
        raise SystemExit("a host that is sought is not seen here: nothing can be measured")
    films, phantoms = clinic(folder / "films", films=60), films_in(folder / "phantoms", 6)
    server, browser = page_session(folder)
    script = [str(HERE / "train.py"), "--data", str(films), "--run-dir", str(folder / "run")]
    weights = ["--out", str(folder / "weights")]
    predict = ["-m", "covid_core", "predict", str(phantoms), "--csv", str(folder / "rows.csv")]
    rows = [
        Figure("Page's server, hosts sought (strace)", _said(server.hosts), "0", not server.hosts)
    ]
    for name, arguments in (
        ("predict", predict),
        ("train --init random", [*script, *weights, *_TRAINING]),
    ):
        seen, counted = command_run(arguments, folder / name.split()[0])
        sought = f"{_said(seen.hosts)} (strace), {counted} (kernel)"
        rows.append(Figure(f"{name}, hosts sought", sought, "0", not seen.hosts and not counted))
    elsewhere, hosts = browser["elsewhere"], browser["hosts"]
    requests = f"{browser['requests']}, of them elsewhere: {_said(elsewhere)}"
    only_here = browser["listening"] == ["0100007F"]
    return [
        *rows,
        Figure("The page's requests in Chromium", requests, "none elsewhere", not elsewhere),
        Figure("Hosts in Chromium's log beyond an empty page's", _said(hosts), "0", not hosts),
        Figure(
            "Listens on",
            "127.0.0.1 only" if only_here else str(browser["listening"]),
            "127.0.0.1 only",
            only_here,
        ),
        Figure("Exports saved in that session", str(browser["exports"])),
    ]


def _said(found: object) -> str:
    """How many, and which."""
    every = sorted(set(found)) if isinstance(found, list | tuple) else []
    return f"{len(every)}: {', '.join(every)}" if every else "0"


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument(_INSIDE, action="store_true", help=argparse.SUPPRESS)
    if not parser.parse_args().inside:
        command = ["unshare", "-rn", sys.executable, "-m", "benchmarks.network", _INSIDE]
        raise SystemExit(subprocess.run(command, cwd=HERE).returncode)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(Path(folder))
    print(markdown.table(["", "Measured"], [[one.what, one.measured] for one in figures]))
    record("network", "python -m benchmarks.network", figures)


if __name__ == "__main__":
    main()

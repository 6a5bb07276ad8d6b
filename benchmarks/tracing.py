"""What a process and its children ask the kernel for, by strace: hosts, and files."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import HERE
from tests.servers import page_command, wait_for_page

_CALLS = (
    "connect,sendto,sendmsg,open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,"
    "truncate,mknod,mknodat,memfd_create"
)
_ADDRESS = re.compile(r"sin6?_addr=inet_(?:addr|pton)\((?:AF_INET6, )?\"([^\"]+)\"")
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|O_TRUNC")
# Of a call that another thread's cuts in two, the end stands elsewhere: it counts as done.
_OPENED = re.compile(
    r"(?:open|openat|openat2|creat)\((?:[^,\"]+, )?\"([^\"]*)\",?([^)]*?)"
    r"(?:\) = (-?\d+)|<unfinished)"
)
_MOVED = re.compile(r"(?:rename\w*|link\w*|mknod\w*|truncate)\(.*\) = 0")
_HERE = re.compile(r"127\.|::1$|::ffff:127\.|0\.0\.0\.0$")


@dataclass(frozen=True, slots=True)
class Trace:
    """The hosts and files that a process asked the kernel for.

    `hosts`: addresses that are not this machine's own, sought or sent to. `written`: paths opened
    to write, whether or not a byte came. `moved`: whole calls that gave a file another name or
    size. `own`: how often this machine was addressed, to know that it is seen.
    """

    hosts: tuple[str, ...]
    written: tuple[str, ...]
    moved: tuple[str, ...]
    own: int


def traced(path: Path) -> Trace:
    """What a file written by strace shows."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    sought = [found[1] for line in lines if (found := _ADDRESS.search(line))]
    hosts = [host for host in sought if not _HERE.match(host)]
    opened = [found for line in lines if (found := _OPENED.search(line))]
    written = [f[1] for f in opened if _WRITES.search(f[2]) and int(f[3] or 0) >= 0]
    written += ["(memory)" for line in lines if "memfd_create(" in line]
    moved = [line.split(maxsplit=1)[-1] for line in lines if _MOVED.search(line)]
    return Trace(tuple(hosts), tuple(written), tuple(moved), len(sought) - len(hosts))


def watched(command: Sequence[str], trace: Path) -> list[str]:
    """A command whose calls strace writes down."""
    return [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-s",
        "300",
        "-e",
        f"trace={_CALLS}",
        "-o",
        str(trace),
        *command,
    ]


@contextmanager
def traced_server(folder: Path) -> Iterator[str]:
    """The address of a server under strace; `folder` gets its `trace` and its `log`."""
    address, command = page_command()
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            watched(command, folder / "trace"), cwd=HERE, stdout=log, stderr=log
        )
        try:
            wait_for_page(address, server)
            yield address
        finally:
            _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ends the server itself, because strace passes no signal on."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for child in children:
        subprocess.run(["kill", child], check=False)
    server.wait()

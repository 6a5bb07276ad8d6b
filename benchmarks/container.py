"""The page behind the container's walls, built without Docker: whether it reads a film there.

    sudo .venv/bin/python -m benchmarks.container

What the Dockerfile copies is copied, its line that exports the networks is run, and its command is
started as it says and as docs/deploy.md runs it: user 1000 without capabilities or any way to get
them, 256 processes and threads, every file system read-only but a /tmp of 512 MB where nothing
can be executed. A phantom is dropped on the page; then what was written is listed. Linux, as root.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.arguments import parser_of
from benchmarks.install import first_result
from benchmarks.record import Figure, record
from benchmarks.servers import HERE, memory
from tests.servers import free_port
from tests.test_deploy import environment, said, sent, sources

_COMMAND = "python -m benchmarks.container"
# The interpreter may lie in a home that user 1000 can't enter: there it alone is shown.
_WALLS = """
set -e
mount --make-rprivate /
if [ "$HIDDEN" ]; then
    mount --bind "$PREFIX" /mnt
    mount -t tmpfs -o mode=755 tmpfs "$HIDDEN"
    mkdir -p "$PREFIX"
    mount --bind /mnt "$PREFIX"
fi
mount -t tmpfs -o noexec,nosuid,size=512m,mode=1777 tmpfs /tmp
awk '{print $2}' /proc/self/mounts | grep -vE '^/(proc|sys|dev|tmp)(/|$)' | sort -r |
    while read -r place; do
        mount -o remount,bind,ro "$place" || echo "$place is gone, and left as it is" >&2
    done
exec prlimit --nproc=256 setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all "$@"
"""


def image(folder: Path) -> Path:
    """What the Dockerfile copies, the networks exported, for all to read and root to write."""
    for source in sources():
        path = HERE / source
        for file in [path] if path.is_file() else path.rglob("*"):
            name = file.relative_to(HERE).as_posix()
            if file.is_file() and sent(name) and not name.startswith("requirements"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, folder / name)
    [export] = [rest for rest in said("RUN") if rest.startswith("python -c")]
    code = shlex.split(export)[2]
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    subprocess.run(["chmod", "-R", "go-w,a+rX", str(folder)], check=True)
    return folder


@contextlib.contextmanager
def walled(folder: Path) -> Iterator[tuple[str, int]]:
    """The address of the page behind the walls, and its process; stopped afterwards."""
    port = free_port()
    program, *arguments = json.loads(said("CMD")[0])
    command = ["unshare", "--mount", "bash", "-c", _WALLS, "walls", sys.executable, "-m", program]
    prefix = Path(sys.base_prefix)
    hidden = [above for above in prefix.parents if not above.stat().st_mode & 0o001]
    changed = {
        "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
        "STREAMLIT_SERVER_PORT": str(port),
        "PREFIX": str(prefix),
        "HIDDEN": str(hidden[-1]) if hidden else "",
        "PATH": os.environ["PATH"],
    }
    with subprocess.Popen(
        [*command, *arguments], cwd=folder, env=environment() | changed, stdout=subprocess.DEVNULL
    ) as server:
        try:
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.terminate()


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def written(pid: int) -> list[Path]:
    """The files below the only folder that can be written to."""
    return [path for path in Path(f"/proc/{pid}/root/tmp").rglob("*") if path.is_file()]


def measured(folder: Path) -> list[Figure]:
    with walled(image(folder)) as (address, pid):
        shown, answered = first_result(address)
        found, files, peak = status(pid), written(pid), memory(pid).peak
    alone = (found["Uid"].split()[0], int(found["CapBnd"], 16), found["NoNewPrivs"])
    return [
        Figure("page shown, after its start", f"{shown:.1f} s"),
        Figure("first film's answer behind the walls", f"{answered:.1f} s", "answered", True),
        Figure(
            "user, capabilities it could ever have, no new privileges",
            f"{alone[0]}, {alone[1]}, {alone[2]}",
            "1000, 0, 1",
            alone == ("1000", 0, "1"),
        ),
        Figure("files written, to /tmp", str(len(files)), "0", not files),
        Figure("threads", found["Threads"], "below 256", int(found["Threads"]) < 256),
        Figure("most memory", f"{peak:.0f} MB", "below 3,000 MB", peak < 3000),
    ]


def main() -> None:
    parser_of(__doc__).parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        figures = measured(Path(name))
    print(record("container", _COMMAND, figures).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

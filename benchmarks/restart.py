"""How soon the page is there again after it was killed over a film, and what is left behind.

    python -m benchmarks.restart [--kills 10] [--seed 0]

A server with a home and a folder for temporary files of its own is sent a DICOM file whose tags and
pixels are to be found nowhere else, and killed (SIGKILL) at a random instant of reading it. Then it
is started anew; everything that was written since is searched for those bytes.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import requests
from websockets.exceptions import WebSocketException

from app.texts.worklist import DROP
from benchmarks.arguments import parser_of
from benchmarks.leftovers import in_files, written
from benchmarks.record import Figure, format_record, record
from benchmarks.servers import HERE, Server, served
from benchmarks.visitors import visiting
from covid_core.read.phantom import draw_phantom
from tests.films import dicom_file

MOST_S = 20
_READING_S = 0.6  # within which the film is being read
_FILM_PX = 1100  # above 1 MB: what Starlette would put into a temporary file
_CANARY_BYTES = 32
_CODE = (".git", ".venv", "node_modules")


@dataclass(frozen=True, slots=True)
class Kill:
    """One of them.

    `answered`: the film was read before. `back_s`: until the next server of the page accepted
    visitors. `left`: the files that hold bytes of the film. `whole`: the weights are as they were.
    """

    answered: bool
    back_s: float
    left: tuple[str, ...]
    whole: bool


def canary_film(seed: int) -> tuple[bytes, tuple[bytes, ...]]:
    """A DICOM file, and bytes of its pixels and its patient's name that no other file has."""
    random_bytes = np.random.default_rng(seed).integers(1, 255, 2 * _CANARY_BYTES, np.uint8)
    pixels = draw_phantom(size_px=_FILM_PX).copy()
    pixels[_FILM_PX // 2, :_CANARY_BYTES] = random_bytes[:_CANARY_BYTES]
    name = f"Canary^{random_bytes[_CANARY_BYTES:].tobytes().hex()[:_CANARY_BYTES]}"
    canaries = (random_bytes[:_CANARY_BYTES].tobytes(), name.encode())
    return dicom_file(pixels, PatientName=name), canaries


def killed(server: Server, film: bytes, after_s: float) -> bool:
    """Give a film, kill the server while it reads it; whether it had answered."""
    with suppress(WebSocketException, OSError), visiting(server.address) as visitor:
        visitor.put(DROP, ("canary.dcm", film))
        visitor.ask()
        time.sleep(after_s)
        os.kill(server.pid, signal.SIGKILL)
        return visitor.heard_an_end()
    return False


def trial(seed: int, folder: Path) -> Kill:
    """One kill, and what it leaves in the folder, in this one and beside the weights."""
    film, canaries = canary_film(seed)
    environment = own_places(folder)
    before, began = digests(HERE / "weights"), time.time()
    with served(environment=environment) as server:
        after_s = random.Random(seed).uniform(0.02, _READING_S)
        answered = killed(server, film, after_s)
    gone = time.monotonic()
    with served(environment=environment) as server:
        back_s = time.monotonic() - gone
        requests.get(server.address, timeout=MOST_S).raise_for_status()
    new = [*written(folder, began), *written(HERE, began, _CODE)]
    left = {str(path) for canary in canaries for path in in_files(new, canary)}
    return Kill(answered, back_s, tuple(sorted(left)), digests(HERE / "weights") == before)


def own_places(folder: Path) -> Mapping[str, str]:
    """A home and a place for temporary files below a folder, as the environment names them."""
    places = {"HOME": folder / "home", "TMPDIR": folder / "tmp"}
    for place in places.values():
        place.mkdir(exist_ok=True)
    return {name: str(place) for name, place in places.items()}


def digests(folder: Path) -> Mapping[Path, str]:
    """SHA-256 of every file below a folder, but of the graphs that a first start exports there."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".graphs" not in path.parts)
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def figures(kills: Sequence[Kill]) -> list[Figure]:
    slowest = max(kill.back_s for kill in kills)
    left = sorted({path for kill in kills for path in kill.left})
    count = len(kills)
    whole = sum(kill.whole for kill in kills)
    return [
        Figure("Kills", f"{count}, {sum(not kill.answered for kill in kills)} before the answer"),
        Figure(
            "Accepted visitors again, at the latest after",
            f"{slowest:.1f} s",
            f"at most {MOST_S} s",
            slowest <= MOST_S,
        ),
        Figure("Weights as they were", f"{whole} of {count} times", "always", whole == count),
        Figure("Files with bytes of the film", ", ".join(left) or "0", "0", not left),
    ]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    kills = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.kills):
            kills.append(trial(given.seed + number, Path(folder)))
            print(f"kill {number + 1}: there again in {kills[-1].back_s:.1f} s", flush=True)
    command = " ".join(["python -m benchmarks.restart", *sys.argv[1:]])
    print(format_record(record("restart", command, figures(kills))))


if __name__ == "__main__":
    main()

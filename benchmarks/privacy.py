"""Is a word of a film's file left anywhere? Canaries sought after a whole session (R10).

    python -m benchmarks.privacy

Files that name somebody in 50 places and more, each by a word of its own, go through every page,
export and refusal in Chromium, with the server under strace. Then each word is sought in all that
was written, logged, measured and saved. File names are their user's own: they are in the list and
its CSV file, and nowhere else.
"""

from __future__ import annotations

import re
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.arguments import parser_of
from benchmarks.record import Figure, record
from benchmarks.sessions import browsing, whole_session
from benchmarks.tracing import Trace, traced, traced_server
from covid_core.model.card import WEIGHTS
from covid_core.predict.predictor import Predictor
from covid_core.present import markdown
from tests.canaries import found_in, marked_files, names, unpacked

# What may be opened to write, and why: no byte of a film is in any of it.
ALLOWED = {
    r"/dev/null": "nothing is kept there",
    r"/tmp/[a-z0-9_]{8}": "Python's tempfile asks whether it may write: 4 bytes, removed",
    r"/dev/shm/sem\.\w+": "a semaphore of joblib",
    r".*/__pycache__/.*": "Python's own, of modules",
    r".*/\.graphs/.*": "a network's graph, made of weights",
}


def kind_of(path: str) -> str:
    """The pattern that allows a path; itself where none does."""
    return next((one for one in ALLOWED if re.fullmatch(one, path)), path)


def leaks(saved: dict[str, bytes]) -> list[str]:
    """The canaries in what was saved; of the list, those that are no file's name."""
    found = []
    for name, data in saved.items():
        but = names() if name == "list" else ()
        found += [f"{name}: {one}" for one in found_in(unpacked(data), but=but)]
    return found


def left_on_disk(paths: Iterable[str]) -> list[str]:
    """The canaries in files that were written and are still there."""
    files = [Path(path) for path in set(paths) if Path(path).is_file()]
    return [f"{file}: {found}" for file in files if (found := found_in(file.read_bytes()))]


def measured(folder: Path) -> tuple[list[Figure], Trace]:
    Predictor.load(WEIGHTS)
    words = sum(len(file.places) for file in marked_files())
    with traced_server(folder) as address, browsing() as page:
        saved = whole_session(page, address)
        metrics = urllib.request.urlopen(f"{address}/_stcore/metrics").read()
    trace = traced(folder / "trace")
    log, found, kept = (folder / "log").read_bytes(), leaks(saved), left_on_disk(trace.written)
    strange = [path for path in trace.written if kind_of(path) not in ALLOWED]
    figures = [
        Figure("Canaries, each in a place of its own", str(words), "40 or more", words >= 40),
        _sought(f"In {len(saved)} exports and lists", found),
        _sought("In the server's log", found_in(log)),
        _sought("In /_stcore/metrics", found_in(metrics)),
        _sought(f"In {len(set(trace.written))} paths opened to write", kept),
        _sought("Paths opened to write that nothing explains", strange),
    ]
    return figures, trace


def _sought(where: str, found: list[str]) -> Figure:
    return Figure(where, "; ".join(found) or "0", "0", not found)


def main() -> None:
    parser_of(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures, trace = measured(Path(folder))
    paths = Counter(map(kind_of, trace.written))
    rows = [
        [path.replace("|", "\\|"), str(count), ALLOWED.get(path, "?")]
        for path, count in paths.items()
    ]
    print(markdown.table(["", "Measured"], [[one.what, one.measured] for one in figures]))
    print(markdown.table(["Opened to write", "Times", "Why"], rows))
    record("privacy", "python -m benchmarks.privacy", figures, raw={"written": paths})


if __name__ == "__main__":
    main()

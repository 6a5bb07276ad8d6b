"""Does the same film get the same answer, whatever engine, threads, batch, order or process?

    python -m benchmarks.sameness [--films N]

The films of `benchmarks.golden` and more of their kind, answered by the shipped weights in a
process of its own for every way. Each way is compared with PyTorch on one thread, and with the same
engine started anew, alone on one thread: there to the last bit. A folder is scored by the command
line with one worker and with two, forwards and backwards.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks import golden
from benchmarks.record import Figure, record
from covid_core.engines.choice import Choice
from covid_core.engines.engine import Lanes, Precision
from covid_core.engines.proof import LARGEST_DIFFERENCE
from covid_core.model.card import WEIGHTS
from covid_core.predict.predictor import Prediction, Predictor
from covid_core.present.markdown import table
from covid_core.read.reading import read_radiograph

_HERE = Path(__file__).parent.parent
_ENGINES = ("torch", "openvino", "page")  # the page: bfloat16 with second looks, where there is any
_CLOSE, _CLOSE_HEAT = 1e-5, 1e-4
_HEAT_PX = 224
Arrays = dict[str, np.ndarray]


def loaded(engine: str, threads: int) -> Predictor:
    lanes = Lanes(threads=threads)
    if engine == "page":
        return Predictor.load(WEIGHTS, lanes=lanes)
    return golden.predictor(golden.float32(Choice(engine), lanes))


def films(count: int) -> list[bytes]:
    """So many, drawn anew by a way's own process."""
    return [data for _, data in golden.films(count)]


def answers(by: Predictor, batch: int, count: int) -> Arrays:
    """Of so many films, `batch` in a call: probabilities (N, answers) and heat (N, 224, 224)."""
    read = [read_radiograph(film) for film in films(count)]
    found: list[Prediction] = []
    for start in range(0, count, batch):
        for prediction in by.predict_many(read[start : start + batch]):
            if not isinstance(prediction, Prediction):
                raise prediction
            found.append(prediction)
    explained = [by.explain(one, one.answers[-1]) for one in found]
    return {
        "probabilities": np.stack([one.probabilities for one in found]),
        "heat": np.stack([one.heat(_HEAT_PX, _HEAT_PX) for one in explained]),
    }


def apart(engine: str, threads: int, batch: int, count: int, folder: Path) -> Arrays:
    """`answers` of a process of its own."""
    path = folder / "answers.npz"
    told = [engine, str(threads), str(batch), str(count), str(path)]
    command = [sys.executable, "-m", "benchmarks.sameness", "--way", *told]
    subprocess.run(command, cwd=_HERE, check=True)
    with np.load(path) as arrays:
        return dict(arrays)


def differences(ours: Arrays, theirs: Arrays) -> tuple[float, float]:
    probabilities, heat = (
        float(np.abs(ours[name] - theirs[name]).max()) for name in ("probabilities", "heat")
    )
    return probabilities, heat


def compared(what: str, ours: Arrays, theirs: Arrays, bounds: tuple[float, float]) -> Figure:
    """Bounds of 0 want the same bits."""
    probability, heat = differences(ours, theirs)
    same = "the same bits" if not any(bounds) else f"≤ {bounds[0]:g}, ≤ {bounds[1]:g}"
    measured = f"{probability:.1e}, {heat:.1e}" if probability or heat else "the same bits"
    return Figure(what, measured, same, probability <= bounds[0] and heat <= bounds[1])


def between_ways(count: int, folder: Path) -> list[Figure]:
    """Every engine, each by threads and batches and started anew; and engines with each other."""
    ways = [(e, threads, batch) for e in _ENGINES for threads in (1, 2) for batch in (1, 8)]
    found = {
        (engine, threads, batch): apart(engine, threads, batch, count, folder)
        for engine, threads, batch in tqdm(ways, "ways to answer", unit="way")
    }
    figures = []
    for engine in _ENGINES:
        alone = found[engine, 1, 1]
        anew = apart(engine, 1, 1, count, folder)
        figures.append(compared(f"{engine}: a process started anew", anew, alone, (0, 0)))
        for _, threads, batch in [way for way in ways if way[0] == engine][1:]:
            bounds = (0.0, 0.0) if threads == 1 else (_CLOSE, _CLOSE_HEAT)
            what = f"{engine}: threads {threads}, films in a call {batch}; against 1 and 1"
            figures.append(compared(what, found[engine, threads, batch], alone, bounds))
    reference = found["torch", 1, 1]
    ours, page = found["openvino", 1, 1], found["page", 1, 1]
    figures.append(compared("OpenVINO against PyTorch", ours, reference, (_CLOSE, _CLOSE_HEAT)))
    told = "the page's precision against PyTorch"
    return [*figures, compared(told, page, reference, (LARGEST_DIFFERENCE, 1.0))]


def of_a_folder(count: int, folder: Path) -> Figure:
    """The command line's rows by file, with one worker and with two, in two orders."""
    paths = []
    for number, (name, data) in enumerate(golden.films(count)):
        paths.append(folder / f"{number}{Path(name).suffix}")
        paths[-1].write_bytes(data)
    scored = [
        _scored(order, workers, folder) for order in (paths, paths[::-1]) for workers in (1, 2)
    ]
    same = all(rows == scored[0] for rows in scored) and len(scored[0]) == count
    told = "the same text" if same else "other text"
    what = "a folder by the command line, one worker or two, in two orders"
    return Figure(what, told, "the same text", same)


def _scored(paths: Sequence[Path], workers: int, folder: Path) -> dict[str, dict[str, str]]:
    out = folder / "scores.csv"
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "covid_core", "predict", *map(str, paths)]
    command += ["--workers", str(workers), "--csv", str(out)]
    subprocess.run(command, cwd=_HERE, check=True, capture_output=True)
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row["file"]: row for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--films", type=int, default=48)
    parser.add_argument("--way", nargs=5, help=argparse.SUPPRESS)  # one way, in its own process
    options = parser.parse_args()
    if options.way:
        engine, threads, batch, count, path = options.way
        by = loaded(engine, int(threads))
        np.savez(path, **answers(by, int(batch), int(count)))  # type: ignore[arg-type]
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = between_ways(options.films, Path(folder))
        figures.append(of_a_folder(options.films, Path(folder)))
    rows = [[f.what, f.measured, f.goal, "yes" if f.met else "**no**"] for f in figures]
    print(table(["Largest difference of a probability, of heat", "Measured", "Goal", "Met"], rows))
    raw = {"films": options.films, "versions": golden.versions(), "precisions": list(Precision)}
    record("sameness", f"python -m benchmarks.sameness --films {options.films}", figures, raw=raw)


if __name__ == "__main__":
    main()

"""Another checkout of this project, so that it can be timed in turns with this one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from covid_core.errors import CovidCoreError

# Reads a file for each line it is given, by nothing but what every state of the project has.
_READER = """
import sys
from pathlib import Path
from covid_core.predict.predictor import Predictor
from covid_core.read.reading import read_radiograph
predictor = Predictor.load(Path(sys.argv[1]), sys.argv[2])
print("ready", flush=True)
for line in sys.stdin:
    prediction = predictor.predict(read_radiograph(Path(line.strip()).read_bytes()))
    predictor.explain(prediction, prediction.label).heat(224, 224)
    print("read", flush=True)
"""


@contextmanager
def reader_of(
    checkout: Path, weights: Path, recipe: str, files: Mapping[str, bytes]
) -> Iterator[Callable[[str], None]]:
    """A function that has the checkout read one of these files, by name, and waits for it.

    It is a process of its own, by this interpreter, that does nothing between its turns. Raises
    CovidCoreError where it does not start or stops.
    """
    command = [sys.executable, "-c", _READER, str(weights.absolute()), recipe]
    around = os.environ | {"PYTHONPATH": str(checkout.absolute())}
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command,
            cwd=checkout,
            env=around,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdin and process.stdout
        asked, answered = process.stdin, process.stdout
        paths = {name: Path(folder, str(number)) for number, name in enumerate(files)}
        for name, path in paths.items():
            path.write_bytes(files[name])

        def wait() -> None:
            if not answered.readline():
                raise CovidCoreError(
                    "it does not read a radiograph with these weights; what it said stands above",
                    "Give a checkout of this project that runs in this environment",
                    file=str(checkout),
                )

        def read(name: str) -> None:
            asked.write(f"{paths[name]}\n")
            asked.flush()
            wait()

        try:
            wait()
            yield read
        finally:
            process.kill()

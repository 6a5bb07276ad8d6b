"""What a dataset of radiographs looks like, before anything is trained on it.

    python -m examples.explore my-radiographs [--out explored.png]

As notebooks on such datasets begin: films of each class, samples, the mean film and the grey levels
of each class. Beside them stand sizes and formats, which should say nothing of the disease: where
these alone separate the classes, so can a network that looks at no lung. The folder is any that
`python -m covid_core manifest` reads; the manifest's own report looks at this more closely.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from covid_core.datasets.layouts import read_cases
from covid_core.errors import CovidCoreError, DatasetError
from covid_core.findings import CLASSES, Finding
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.reading import read_file

SAMPLES = 4  # of each class
SIZE_PX = 128
PREPARED = Preprocess(size_px=SIZE_PX)


@dataclass(frozen=True, eq=False)
class ClassFilms:
    """The films of one class that could be read.

    `pictures`: as a network is shown them, uint8 (N, S, S). `sizes`: heights and widths in px, int
    (N, 2), and `formats`: the files' suffixes, of the films as they lie in the folder.
    """

    label: Finding
    pictures: np.ndarray
    sizes: np.ndarray
    formats: Counter[str]

    @property
    def mean(self) -> np.ndarray:
        """The mean film, float (S, S), 0 black to 255 white."""
        average: np.ndarray = self.pictures.mean(axis=0)
        return average

    def describe(self) -> str:
        """One line: how many, how large, in which formats."""
        height, width = np.median(self.sizes, axis=0)
        formats = ", ".join(f"{count} {suffix}" for suffix, count in self.formats.most_common())
        return (
            f"{self.label.display_name}: {len(self.pictures)} films, median {width:.0f} x"
            f" {height:.0f} px, mean grey {self.pictures.mean():.0f} of 255; {formats}"
        )


def read_classes(folder: Path) -> list[ClassFilms]:
    """The films of a folder by class; a film that can't be read is named and left out.

    Raises DatasetError where nothing in the folder is recognised, or no labelled film can be read.
    """
    read: dict[Finding, list[tuple[np.ndarray, tuple[int, ...], str]]] = {}
    for case in read_cases([folder]).cases:
        if case.label is None:
            continue
        try:
            radiograph = read_file(case.path)
        except CovidCoreError as error:
            print(f"left out: {case.path}: {error}", file=sys.stderr)
            continue
        row = PREPARED.picture(radiograph), radiograph.film.shape, case.path.suffix.lower()
        read.setdefault(case.label, []).append(row)
    found = []
    for label in (label for label in CLASSES if label in read):
        pictures, sizes, formats = zip(*read[label], strict=True)
        found.append(ClassFilms(label, np.stack(pictures), np.array(sizes), Counter(formats)))
    if not found:
        raise DatasetError(
            "no labelled film in it can be read",
            "Give a public dataset, or a folder with normal/, pneumonia/ and covid/",
            file=str(folder),
        )
    return found


def draw(classes: list[ClassFilms]) -> Figure:
    """A row a class: samples, the mean film, and how often each grey level is."""
    figure = Figure(figsize=(2 * (SAMPLES + 2), 2.2 * len(classes)), layout="constrained")
    grid = figure.subplots(len(classes), SAMPLES + 2, squeeze=False)
    for row, films in zip(grid, classes, strict=True):
        for axes in row[:-1]:
            axes.set_axis_off()
        for axes, picture in zip(row, films.pictures[:SAMPLES], strict=False):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        row[SAMPLES].imshow(films.mean, cmap="gray", vmin=0, vmax=255)
        row[SAMPLES].set_title("mean film", fontsize="small")
        row[-1].hist(films.pictures.ravel(), bins=64, range=(0, 256), density=True)
        row[-1].set_title("grey levels", fontsize="small")
        row[-1].set_yticks([])
        row[0].set_title(f"{films.label.display_name} ({len(films.pictures)})", fontsize="small")
    return figure


def main() -> None:
    """Print a line a class, and draw the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("explored.png"))
    options = parser.parse_args()
    try:
        classes = read_classes(options.folder)
    except CovidCoreError as error:
        raise SystemExit(str(error)) from error
    print(*(films.describe() for films in classes), sep="\n")
    draw(classes).savefig(options.out, dpi=120)


if __name__ == "__main__":
    main()

"""What the shipped weights make of drawn films, written down, so that no change goes unnoticed.

    python -m tests.golden           how far the answers are from those written down
    python -m tests.golden --write   write them anew, after a library or the weights changed

`tests/test_sameness.py` holds the answers to tests/golden.json. Where it fails, find out what
changed them (`git log`, or a library in the list of versions), say so in the commit, and write them
anew. At the same versions only a change of the arithmetic can be the reason.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from covid_core.engines import machine
from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Engine, Lanes, Precision
from covid_core.engines.trained import classifier
from covid_core.model.card import PROOF, SHIPPED, WEIGHTS, head_tensors, read_card
from covid_core.model.decision import BALANCED
from covid_core.model.head import Head
from covid_core.predict.gate import Gate
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present import markdown
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.reading import read_radiograph
from tests.films import dicom_file, encode

FILE = Path(__file__).with_suffix(".json")
CLOSE, CLOSE_HEAT = 1e-4, 1e-4  # at the same versions: of a probability; of heat, 0 to 1
FILMS = 12
_CELLS = 7
_SIZES_PX = (384, 512, 640, 1024)
_LIBRARIES = ("numpy", "openvino", "pillow", "pydicom", "scipy", "torch")


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """`probabilities`: float64 (answers,).

    `heat`: of the disease, coarse: float32 (7, 7), 0 to 1. `called`: the decision's name.
    """

    probabilities: np.ndarray
    heat: np.ndarray
    called: str

    def to_json(self) -> dict[str, Any]:
        return {
            "probabilities": self.probabilities.tolist(),
            "heat": np.round(self.heat.astype(float), 5).ravel().tolist(),
            "called": self.called,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Answer:
        heat = np.array(raw["heat"], np.float32).reshape(_CELLS, _CELLS)
        return cls(np.array(raw["probabilities"]), heat, raw["called"])

    def differs_from(self, other: Answer) -> tuple[float, float]:
        """The largest difference of a probability, and of heat."""
        return (
            float(np.abs(self.probabilities - other.probabilities).max()),
            float(np.abs(self.heat - other.heat).max()),
        )


def films(count: int = FILMS) -> Iterator[tuple[str, bytes]]:
    """Names and files: every kind of phantom in four sizes and in every kind of file that is read
    without loss, and in one that is not.
    """
    for number in range(count):
        kind, size_px = KINDS[number % len(KINDS)], _SIZES_PX[number % len(_SIZES_PX)]
        pixels = draw_phantom(kind, size_px=size_px, seed=number)
        deep = pixels.astype(np.uint16)
        name, data = (
            ("png", png(pixels)),
            ("16-bit.png", encode(deep * 257, "PNG")),
            ("dcm", dicom_file(deep * 16, bits_stored=12)),
            ("inverted.dcm", dicom_file(255 - pixels, photometric="MONOCHROME1")),
            ("jpg", encode(pixels, "JPEG", quality=95)),
        )[number % 5]
        yield f"{number} {kind}, {size_px} px.{name}", data


def predictor(engine: Engine | None = None) -> Predictor:
    """The shipped weights behind the gate as the page has them, or with that engine alone."""
    if engine is None:
        return Predictor.load(WEIGHTS)
    card = read_card(WEIGHTS)
    head = Head.of(head_tensors(WEIGHTS, SHIPPED, card), card.head_plan)
    return Predictor(engine, head, card, Gate.load())


def float32(choice: Choice = Choice.OPENVINO, lanes: Lanes | None = None) -> Engine:
    """The shipped weights' engine without a quicker precision."""
    trained = classifier(WEIGHTS, SHIPPED, read_card(WEIGHTS))
    return engine_of(trained, choice, Precision.FLOAT32, lanes)


def answer(by: Predictor, film: bytes) -> Answer:
    return answered(by, by.predict(read_radiograph(film), BALANCED))


def answered(by: Predictor, prediction: Prediction) -> Answer:
    saliency = by.explain(prediction, prediction.answers[-1])
    heat = saliency.heat(_CELLS, _CELLS)
    return Answer(prediction.probabilities, heat, prediction.decision.name)


def written() -> dict[str, Any]:
    """What was written down: `versions`, `machine`, `weights`, and by precision the answers."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    for precision in set(Precision) & set(found):
        held = found[precision.value]
        found[precision.value] = {name: Answer.from_json(raw) for name, raw in held.items()}
    return found


def versions() -> dict[str, str]:
    return {library: version(library).partition("+")[0] for library in _LIBRARIES}


def all_answers() -> dict[Precision, dict[str, Answer]]:
    """All films, in float32, and in bfloat16 with its second looks where this machine has it."""
    quick = predictor()
    by = {Precision.FLOAT32: predictor(float32())}
    if quick.engine.precision is Precision.BFLOAT16:
        by[Precision.BFLOAT16] = quick
    drawn = list(films())
    return {
        precision: {name: answer(one, film) for name, film in drawn}
        for precision, one in by.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write them down anew")
    options = parser.parse_args()
    found = all_answers()
    if options.write:
        proven = (WEIGHTS / f"{SHIPPED}{PROOF}.json").exists()
        if proven and Precision.BFLOAT16 not in found:
            parser.error("these weights run in bfloat16 elsewhere: write them on such a machine")
        raw = {p.value: {n: a.to_json() for n, a in own.items()} for p, own in found.items()}
        weights = read_card(WEIGHTS).sha256
        content = {
            "versions": versions(),
            "machine": machine.described(),
            "weights": weights,
            **raw,
        }
        FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    old = written()
    rows = [
        [precision, name, *(f"{d:.1e}" for d in one.differs_from(old[precision][name]))]
        for precision, own in found.items()
        for name, one in own.items()
        if precision in old
    ]
    print(markdown.table(["", "Film", "Probability", "Heat"], rows))


if __name__ == "__main__":
    main()

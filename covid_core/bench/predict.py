"""`bench predict`: one film from its file's bytes to probability and evidence, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from covid_core.bench.another_state import reader_of
from covid_core.bench.files import files
from covid_core.bench.limit import matrix_rate, operations
from covid_core.bench.plain import torchvision_way, torchxrayvision_way
from covid_core.bench.rivals import onnx_runtime
from covid_core.bench.timing import medians
from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Engine, Precision
from covid_core.engines.proof import read_proof
from covid_core.engines.trained import Trained, classifier, reference
from covid_core.model.card import SHIPPED, WEIGHTS, find_part
from covid_core.predict.gate import NAME as GATE_NAME
from covid_core.predict.gate import Gate
from covid_core.predict.predictor import Predictor
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph

OURS = "this project"
AGAINST = "this project, the other checkout"
PLAIN = "torchvision + pytorch-grad-cam, plain"
XRV = "torchxrayvision + pytorch-grad-cam, plain"
DECODE, PREPARE, GATE, FORWARD, EXPLAIN = (
    "decode",
    "prepare",
    "gate",
    "forward pass",
    "score and evidence",
)

Calls = Mapping[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Speed:
    """All in seconds a film, medians of one run.

    `whole`: file, side, from bytes to probability and evidence. `again`: what ours takes more on
    average, for films too close to call are looked at again in float32. `stages`: file, stage.
    `engines`: the forward pass alone, by engine. `limits`: by precision, the least that the
    network's `operations` take at the machine's own matrix rate.
    """

    whole: dict[str, dict[str, float]]
    again: float
    stages: dict[str, dict[str, float]]
    engines: dict[str, float]
    limits: dict[Precision, float]
    operations: float
    used: str


def measure(
    weights: Path, recipe: str = SHIPPED, *, rounds: int, against: Path | None = None
) -> Speed:
    """The speed on phantoms with the weights of a folder.

    `against`: another checkout of this project, that takes its turns too; by its own weights where
    this one's are the project's. Raises WeightsError, and CovidCoreError where that does not run.
    """
    predictor = Predictor.load(weights, recipe)
    trained = classifier(weights, recipe, predictor.card)
    gate = Gate.load(find_part(weights, GATE_NAME))
    given = files()
    sides = _peers()
    counted = operations(reference(trained), trained.size_px)
    used, proof = predictor.engine, read_proof(weights, recipe, trained.sha256)
    engines = medians(_engines(trained, used), rounds)
    exact = engines[engine_of(trained, Choice.OPENVINO).title]
    with ExitStack() as stack:
        other: Callable[[str], object] | None = None
        if against:
            own = against / "weights" if weights == WEIGHTS else weights
            other = stack.enter_context(reader_of(against, own, recipe, given))
        whole = {
            name: medians(
                {
                    OURS: partial(_read, predictor, data),
                    **({AGAINST: partial(other, name)} if other else {}),
                    **{peer: partial(side, data) for peer, side in sides},
                },
                rounds,
            )
            for name, data in given.items()
        }
    return Speed(
        whole=whole,
        stages={
            name: medians(_stages(predictor, gate, data), rounds) for name, data in given.items()
        },
        engines=engines,
        limits={precision: counted / matrix_rate(precision) for precision in Precision},
        operations=counted,
        used=used.title,
        again=proof.again * exact if proof and used.precision is proof.precision else 0.0,
    )


def _read(predictor: Predictor, data: bytes) -> np.ndarray:
    prediction = predictor.predict(read_radiograph(data))
    return predictor.explain(prediction, prediction.label).heat(224, 224)


def _peers() -> list[tuple[str, Callable[[bytes], object]]]:
    found = [(PLAIN, torchvision_way()), (XRV, torchxrayvision_way())]
    return [(name, side) for name, side in found if side is not None]


def _stages(predictor: Predictor, gate: Gate, data: bytes) -> Calls:
    """Ours in pieces, each given what those before it made."""
    preprocess = predictor.card.preprocess
    prediction = predictor.predict(read_radiograph(data))
    film = read_radiograph(data)
    x = preprocess.input(preprocess.picture(film)[np.newaxis])

    def explain() -> np.ndarray:
        return predictor.explain(prediction, prediction.label).heat(224, 224)

    return {
        DECODE: partial(read_radiograph, data),
        PREPARE: lambda: preprocess.input(preprocess.picture(_anew(film))[np.newaxis]),
        GATE: lambda: gate.examine(_anew(film)),
        FORWARD: partial(predictor.engine.run, x),
        EXPLAIN: explain,
    }


def _anew(film: Radiograph) -> Radiograph:
    """The same without what it remembers of its own sizes."""
    return Radiograph(film.film, film.sha256, film.source_format)


def _engines(trained: Trained, used: Engine) -> Calls:
    x = np.random.default_rng(0).normal(size=(1, 1, trained.size_px, trained.size_px))
    given = x.astype(np.float32)
    others = [engine_of(trained, Choice.OPENVINO), engine_of(trained, Choice.TORCH)]
    sides = {engine.title: partial(engine.run, given) for engine in (used, *others)}
    return {**sides, **onnx_runtime(trained, given)}

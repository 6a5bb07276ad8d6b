"""The same film, the same answer: to the bit on a machine and engine, within a bound elsewhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from covid_core.engines import machine
from covid_core.engines.choice import Choice
from covid_core.engines.engine import Lanes, Precision
from covid_core.engines.proof import LARGEST_DIFFERENCE, read_proof
from covid_core.model.card import SHIPPED, WEIGHTS, read_card
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.reading import read_radiograph
from tests import golden
from tests.golden import CLOSE, CLOSE_HEAT, Answer

ROOT = Path(__file__).parent.parent
ENGINES_CLOSE, ENGINES_CLOSE_HEAT = 1e-5, 1e-4


@pytest.fixture(scope="module")
def films() -> dict[str, bytes]:
    return dict(golden.films())


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    return golden.written()


@pytest.fixture(scope="module")
def exact() -> Predictor:
    return golden.predictor(golden.float32())


@pytest.fixture(scope="module")
def paged() -> Predictor:
    """As the page has them: in bfloat16 with second looks, where this machine has it."""
    return golden.predictor()


def largest(found: dict[str, Answer], expected: dict[str, Answer]) -> np.ndarray:
    """The largest difference of a probability, and of heat, over all films."""
    return np.max([found[name].differs_from(expected[name]) for name in found], axis=0)


def why(written: dict[str, Any]) -> str:
    return (
        f"written with {written['versions']}, here are {golden.versions()}: find out what changed"
        " the answers, then python -m tests.golden --write"
    )


def test_float32_answers_as_was_written(
    films: dict[str, bytes], written: dict[str, Any], exact: Predictor
) -> None:
    found = {name: golden.answer(exact, film) for name, film in films.items()}
    expected = written[Precision.FLOAT32]
    assert set(found) == set(expected) and len(expected) >= 12
    assert (largest(found, expected) <= (CLOSE, CLOSE_HEAT)).all(), why(written)
    assert {n: one.called for n, one in found.items()} == {
        n: one.called for n, one in expected.items()
    }


def test_the_page_answers_as_was_written(
    films: dict[str, bytes], written: dict[str, Any], paged: Predictor
) -> None:
    """What bfloat16 rounds is the processor's own; the bound of its proof holds on any."""
    found = {name: golden.answer(paged, film) for name, film in films.items()}
    difference, _ = largest(found, written[Precision.FLOAT32])
    assert difference < LARGEST_DIFFERENCE
    assert [a.called for a in found.values()] == [
        written[Precision.FLOAT32][name].called for name in found
    ]
    if machine.described().split(",")[0] == written["machine"].split(",")[0]:
        expected = written[paged.engine.precision]
        assert (largest(found, expected) <= (CLOSE, CLOSE_HEAT)).all(), why(written)


def test_pytorch_answers_as_openvino(films: dict[str, bytes], exact: Predictor) -> None:
    reference = golden.predictor(golden.float32(Choice.TORCH))
    for name in list(films)[:4]:
        theirs = golden.answer(reference, films[name])
        difference, heat = golden.answer(exact, films[name]).differs_from(theirs)
        assert difference <= ENGINES_CLOSE and heat <= ENGINES_CLOSE_HEAT, name


def test_what_was_written_is_of_these_weights_and_separates_films(
    written: dict[str, Any],
) -> None:
    assert written["weights"] == read_card(WEIGHTS).sha256
    for precision in set(Precision) & set(written):
        answers = [tuple(one.probabilities) for one in written[precision].values()]
        assert len(set(answers)) == len(answers)
        assert max(one.heat.max() for one in written[precision].values()) > 0.2
    proven = read_proof(WEIGHTS, SHIPPED, written["weights"]) is not None
    assert (Precision.BFLOAT16 in written) == proven
    if proven:
        rounding, _ = largest(written[Precision.BFLOAT16], written[Precision.FLOAT32])
        assert 0 < rounding < LARGEST_DIFFERENCE


def bits(prediction: object) -> bytes:
    assert isinstance(prediction, Prediction)
    return prediction.probabilities.tobytes() + prediction.feature_map.tobytes()


def test_neither_the_films_beside_it_nor_their_order_change_a_bit(
    films: dict[str, bytes], paged: Predictor
) -> None:
    read = [read_radiograph(film) for film in list(films.values())[:8]]
    alone = [bits(paged.predict(one)) for one in read]
    assert [bits(one) for one in paged.predict_many(read)] == alone
    backwards = paged.predict_many([read_radiograph(f) for f in list(films.values())[7::-1]])
    assert [bits(one) for one in backwards[::-1]] == alone


def test_threads_and_lanes_change_no_bit(films: dict[str, bytes], exact: Predictor) -> None:
    read = [read_radiograph(film) for film in list(films.values())[:2]]
    by_one, by_two = (
        golden.predictor(golden.float32(lanes=lanes)) for lanes in (Lanes(1, 1), Lanes(2, 2))
    )
    for one in read:
        assert bits(by_one.predict(one)) == bits(by_two.predict(one)) == bits(exact.predict(one))


def test_a_restart_changes_no_bit(films: dict[str, bytes], paged: Predictor) -> None:
    program = (
        "import hashlib; from tests import golden; from tests.test_sameness import bits;"
        "from covid_core.read.reading import read_radiograph;"
        "by, (_, film) = golden.predictor(), next(golden.films());"
        "print(hashlib.sha256(bits(by.predict(read_radiograph(film)))).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    own = bits(paged.predict(read_radiograph(next(iter(films.values())))))
    assert run.stdout.strip() == hashlib.sha256(own).hexdigest(), run.stderr

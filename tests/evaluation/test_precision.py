"""A quicker precision decides as PyTorch in float32: proven for the shipped weights, and again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from covid_core.__main__ import main
from covid_core.engines.engine import Precision
from covid_core.engines.openvino import has_bfloat16
from covid_core.engines.proof import LARGEST_DIFFERENCE, read_proof
from covid_core.errors import CovidCoreError
from covid_core.evaluation.precision import other_decisions, prove
from covid_core.findings import CLASSES
from covid_core.model.card import SHIPPED, WEIGHTS, read_card
from covid_core.model.decision import OperatingPoint, Rules, scaled_by
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.reading import read_file
from tests.engines.networks import SIDE, small_classifier

native = pytest.mark.skipif(not has_bfloat16(), reason="this processor has no bfloat16")
RULES = Rules(scaled_by(1.0, 3), (0.0,) * 3, (OperatingPoint("balanced", 0.3),), (0.2,) * 3)


def test_a_proof_of_the_shipped_weights_is_on_the_whole_test_part() -> None:
    card = read_card(WEIGHTS)
    proof = read_proof(WEIGHTS, SHIPPED, card.sha256)
    if proof is None:
        pytest.skip("these weights have no proof, and so run in float32")
    assert proof.precision is Precision.BFLOAT16
    assert proof.films["test"] == card.results.test.films
    assert proof.difference < LARGEST_DIFFERENCE and proof.other_decisions == 0
    assert 0 < proof.again < 0.2


def test_a_film_counts_once_however_it_is_decided_otherwise() -> None:
    ours = np.array([[0.1, 0.6, 0.3], [0.1, 0.5, 0.4], [0.25, 0.5, 0.25], [0.3, 0.4, 0.3]])
    theirs = np.array([[0.1, 0.61, 0.29], [0.1, 0.5, 0.4], [0.15, 0.6, 0.25], [0.3, 0.3, 0.4]])
    assert other_decisions(ours, ours, RULES, CLASSES) == 0
    assert other_decisions(ours, theirs, RULES, CLASSES) == 3


def pictures(*kinds: str) -> np.ndarray:
    preprocess = read_card(WEIGHTS).preprocess
    drawn = [draw_phantom(kind, size_px=256, seed=i) for i, kind in enumerate(kinds)]
    return np.stack([preprocess.picture(film.astype(np.float32) / 255) for film in drawn])


@native
def test_phantoms_are_decided_alike() -> None:
    proof = prove(WEIGHTS, SHIPPED, pictures(*KINDS, *KINDS), {"drawn": 6}, Precision.BFLOAT16)
    assert proof.films == {"drawn": 6} and proof.engine.endswith("bfloat16")
    assert 0 < proof.difference < LARGEST_DIFFERENCE and proof.other_decisions == 0
    assert proof.margin > proof.shift > 0


def test_a_machine_without_it_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covid_core.engines.openvino.has_bfloat16", lambda: False)
    small_classifier(tmp_path)
    films = np.zeros((1, SIDE, SIDE), np.uint8)
    with pytest.raises(CovidCoreError, match="does not compute in bfloat16"):
        prove(tmp_path, "small", films, {}, Precision.BFLOAT16)


@native
@pytest.mark.real_data
def test_real_films_are_decided_alike(shared_data: Path) -> None:
    preprocess = read_card(WEIGHTS).preprocess
    folders = ("radiography", "chest_xray", "covid-chestxray/images", "covid-cxnet", "nih")
    paths = [
        path
        for folder in folders
        for path in sorted(
            path
            for path in (shared_data / folder).rglob("*")
            if path.suffix.lower() in (".jpg", ".jpeg", ".png") and "mask" not in str(path)
        )[7::97][:12]
    ]
    assert len(paths) >= 40
    films = np.stack([preprocess.picture(read_file(path)) for path in paths])
    proof = prove(WEIGHTS, SHIPPED, films, {"real": len(films)}, Precision.BFLOAT16)
    assert proof.difference < LARGEST_DIFFERENCE and proof.other_decisions == 0


def test_a_manifest_without_test_films_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["engines", str(tmp_path / "none.parquet")]) == 2
    assert "none.parquet" in capsys.readouterr().err

"""A quicker precision is used only where a proof of these very weights says that it may be."""

from __future__ import annotations

from pathlib import Path

from covid_core.engines.engine import Precision
from covid_core.engines.proof import LARGEST_DIFFERENCE, Proof, read_proof, save_proof

PROOF = Proof(
    sha256="a" * 64,
    engine="an engine",
    machine="a machine",
    precision=Precision.BFLOAT16,
    films={"test": 1800},
    difference=0.004,
    shift=0.02,
    margin=0.03,
    again=0.1,
    other_decisions=0,
)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    save_proof(tmp_path, "net", PROOF)
    assert read_proof(tmp_path, "net", PROOF.sha256) == PROOF


def test_it_counts_for_no_other_weights(tmp_path: Path) -> None:
    assert read_proof(tmp_path, "net", PROOF.sha256) is None
    save_proof(tmp_path, "net", PROOF)
    assert read_proof(tmp_path, "net", "b" * 64) is None
    assert read_proof(tmp_path, "other", PROOF.sha256) is None
    (tmp_path / "net.engines.json").write_text('{"sha256": 1}')
    assert read_proof(tmp_path, "net", PROOF.sha256) is None


def test_one_that_fails_is_kept_but_not_followed(tmp_path: Path) -> None:
    for failed in (
        PROOF.replace(other_decisions=1),
        PROOF.replace(difference=LARGEST_DIFFERENCE),
        PROOF.replace(shift=float("inf"), margin=float("inf")),
        PROOF.replace(margin=0.0),
    ):
        save_proof(tmp_path, "net", failed)
        assert not failed.holds and read_proof(tmp_path, "net", PROOF.sha256) is None

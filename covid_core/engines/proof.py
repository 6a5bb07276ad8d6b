"""What a quicker precision changes of a network's answers, measured, and so whether it may be used.

`python -m covid_core engines` measures it on the films that did not train and writes it beside the
weights. Without such a proof of these very weights, everything runs in float32.
"""

from __future__ import annotations

from pathlib import Path

from covid_core.engines.engine import Precision
from covid_core.errors import WeightsError
from covid_core.model.card import PROOF
from covid_core.model.tensors import read_card_file, write_card
from covid_core.storage.records import Record

LARGEST_DIFFERENCE = 0.01  # of a probability, that a quicker precision may make
_SAFETY = 1.5  # new films may be shifted more than those that were measured


class Proof(Record):
    """What one precision did to these weights' answers, against PyTorch in float32.

    `films`: how many, by part. `difference`: the largest of a calibrated probability. `shift`: the
    largest of its log odds. `margin`: how near to a limit, in log odds, a film is looked at again
    in float32. `again`: the share of films that are. `other_decisions`: how many films were then
    decided otherwise than by PyTorch, at any operating point.
    """

    sha256: str
    engine: str
    machine: str
    precision: Precision
    films: dict[str, int]
    difference: float
    shift: float
    margin: float
    again: float
    other_decisions: int

    @property
    def holds(self) -> bool:
        """Whether the precision may be used."""
        return (
            self.difference < LARGEST_DIFFERENCE
            and self.margin > self.shift >= 0  # not where either is no number
            and not self.other_decisions
        )


def margin_for(shift: float) -> float:
    """How near to a limit, in log odds, a film is to be looked at again, by the largest shift."""
    return _SAFETY * shift


def read_proof(folder: Path, name: str, sha256: str) -> Proof | None:
    """The proof of these very weights; None where it doesn't hold.

    It counts only for its own `engine`.
    """
    try:
        path = folder / f"{name}{PROOF}.json"
        proof = Proof.parse(
            read_card_file(path), path, error=WeightsError, remedy="Prove the precision again"
        )
    except WeightsError:
        return None
    return proof if proof.sha256 == sha256 and proof.holds else None


def save_proof(folder: Path, name: str, proof: Proof) -> None:
    """Write it beside the weights. Raises WeightsError."""
    write_card(folder, name + PROOF, proof.as_json())

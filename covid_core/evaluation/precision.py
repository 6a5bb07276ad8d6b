"""Whether a quicker precision may be used: every film answered by it and by PyTorch in float32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from covid_core.engines import machine
from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Engine, Precision
from covid_core.engines.proof import Proof, margin_for
from covid_core.engines.trained import classifier
from covid_core.errors import CovidCoreError
from covid_core.findings import Finding
from covid_core.model.card import head_tensors, read_card
from covid_core.model.decision import Decision, Rules, decide, is_close, log_odds
from covid_core.model.head import Head
from covid_core.prepare.preprocess import Preprocess


def prove(
    folder: Path,
    name: str,
    pictures: np.ndarray,
    parts: dict[str, int],
    precision: Precision,
    choice: Choice = Choice.OPENVINO,
) -> Proof:
    """The proof by pictures that the weights' preprocessing made, uint8 (N, S, S), N at least 1.

    `parts`: how many are of which part of the split, for the record.

    Raises WeightsError, and CovidCoreError where this machine does not have the precision.
    """
    card = read_card(folder, name)
    head = Head.of(head_tensors(folder, name, card), card.head_plan)
    trained = classifier(folder, name, card)
    quick = engine_of(trained, choice, precision)
    if quick.precision is not precision:
        raise CovidCoreError(
            f"this machine does not compute in {precision}", "Prove it on one that does"
        )
    engines = (engine_of(trained, Choice.TORCH), quick, engine_of(trained, choice))
    reference, rough, exact = (
        card.rules.probabilities(_logits(engine, head, card.preprocess, pictures))
        for engine in engines
    )
    shift = float(np.abs(log_odds(rough) - log_odds(reference)).max())
    margin = margin_for(shift)
    again = np.array([is_close(one, card.rules, margin) for one in rough])
    given = np.where(again[:, np.newaxis], exact, rough)
    return Proof(
        sha256=card.sha256,
        engine=quick.title,
        machine=machine.described(),
        precision=precision,
        films=parts,
        difference=float(np.abs(given - reference).max()),
        shift=shift,
        margin=margin,
        again=float(again.mean()),
        other_decisions=other_decisions(given, reference, card.rules, card.classes),
    )


def other_decisions(
    ours: np.ndarray, theirs: np.ndarray, rules: Rules, answers: Sequence[Finding]
) -> int:
    """How many films are decided otherwise by the ones' probabilities than by the others'.

    At any operating point: called otherwise, or with other answers in the prediction set, or in
    another order. `ours`, `theirs`: (N, answers).
    """

    def all_of(probabilities: np.ndarray) -> list[Decision]:
        return [decide(probabilities, rules, answers, point.name) for point in rules.points]

    return sum(all_of(one) != all_of(other) for one, other in zip(ours, theirs, strict=True))


def _logits(engine: Engine, head: Head, preprocess: Preprocess, pictures: np.ndarray) -> np.ndarray:
    found = []
    for picture in tqdm(pictures, engine.title, unit="radiograph"):
        (feature_map,), *_ = engine.run(preprocess.input(picture[np.newaxis]))
        found.append(head.logits(feature_map))
    return np.stack(found)

"""What a whole answer to a case must be: refused for a reason, warned of, or as without a border.

`benchmarks.cases` asks for these.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

from covid_core.errors import Abstained
from covid_core.model.card import WEIGHTS
from covid_core.model.gate_findings import MUCH_CUT, Code
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.reading import read_file

MOST_CHANGED = 0.02  # of any probability, by a border
Answer = tuple[bool, str]  # whether it is right, and why
WITHOUT_BORDER = "15-0"  # how the name begins of the film that others are given borders of


def judge_as_without_border(path: Path) -> Answer:
    """Whether a film with a border is answered as it is without, and much that is cut is noted."""
    [plain] = path.parent.glob(f"{WITHOUT_BORDER}*")
    found, expected = _answer(path), _answer(plain)
    if isinstance(found, Abstained) or isinstance(expected, Abstained):
        return False, f"no probability: {found}; without the border: {expected}"
    change = float(np.abs(found.probabilities - expected.probabilities).max())
    noted = any(remark.code is Code.BORDERS for remark in found.remarks)
    is_right = change <= MOST_CHANGED and found.decision.name == expected.decision.name
    why = f"{found.crop.share:.0%} cut off, a probability changes by {change:.3f}"
    return is_right and noted == (found.crop.share > MUCH_CUT), why


def judge_refused(path: Path, code: Code) -> Answer:
    """Whether it gets no probability, for that reason."""
    found = _answer(path)
    if isinstance(found, Abstained):
        return found.code == code, found.sentence
    return False, f"called {found.decision.name}"


def judge_warned(path: Path, code: Code) -> Answer:
    """Whether it is read with that remark."""
    found = _answer(path)
    if isinstance(found, Abstained):
        return False, found.sentence
    sentences = "; ".join(remark.sentence for remark in found.remarks)
    return code in [remark.code for remark in found.remarks], sentences or "no remark"


# By the start of a file's name.
ANSWERS: dict[str, Callable[[Path], Answer]] = {
    WITHOUT_BORDER: judge_as_without_border,
    "15-bord": judge_as_without_border,
    "16-composite": partial(judge_refused, code=Code.SEVERAL_FILMS),
    "16-screenshot": partial(judge_refused, code=Code.SCREENSHOT),
    "17-dark": partial(judge_warned, code=Code.TOO_DARK),
}


def _answer(path: Path) -> Prediction | Abstained:
    [answer] = _predictor().predict_many([read_file(path)])
    return answer


@cache
def _predictor() -> Predictor:
    return Predictor.load(WEIGHTS)

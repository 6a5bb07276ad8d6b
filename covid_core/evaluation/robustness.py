"""How much worse a network reads spoilt films, and whether it then holds back more often."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.stats import spearmanr
from tqdm import tqdm

from covid_core.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from covid_core.evaluation.sample import Reader, Sample
from covid_core.metrics import Estimate, auroc, estimate
from covid_core.model.audit import (
    Corruption,
    Intact,
    Robustness,
    RobustnessSummary,
    WorstCorruption,
)

GOAL = 0.03  # the mean AUROC that MedMNIST-C's corruptions may cost at strengths 1 to 3
_MILD = (1, 2, 3)

Abstains = Callable[[Sequence[np.ndarray], np.ndarray], np.ndarray]
"""Films, uint8 (h, w) each, and their probabilities, (N, outputs), to who gets no answer, bool
(N,)."""
_Setting = tuple[str, int]  # a corruption and its strength


def measure_robustness(
    sample: Sample,
    read: Reader,
    abstains: Abstains,
    *,
    strengths: Sequence[int] = STRENGTHS,
    seed: int = 0,
) -> Robustness:
    """Every corruption at each strength.

    AUROC: one class against the rest, the mean over the classes that the sample has.

    `intact`, and `corruptions` by name: `auroc`, `drop` from intact, and `abstention`, the share of
    films without an answer, in the order of `strengths`. `summary`: the mean drop at strengths 1 to
    3 with its interval, over MedMNIST-C's thirteen (`published`), which should be at most `goal`,
    and over `all`; the `worst` setting; `abstention`'s rank correlation with strength (Spearman),
    None where it is the same everywhere.
    """
    intact = read(sample.films)
    answers: dict[_Setting, np.ndarray] = {}
    held_back: dict[_Setting, float] = {}
    settings = [(name, strength) for name in CORRUPTIONS for strength in strengths]
    for name, strength in tqdm(settings, "corruptions"):
        films = [corrupt(film, name, strength, seed + i) for i, film in enumerate(sample.films)]
        answers[name, strength] = read(films)
        held_back[name, strength] = _share(abstains(films, answers[name, strength]))
    scores = {setting: mean_auroc(sample.labels, given) for setting, given in answers.items()}
    whole = mean_auroc(sample.labels, intact)
    return Robustness(
        films=len(sample.labels),
        strengths=tuple(strengths),
        intact=Intact(auroc=whole, abstention=_share(abstains(sample.films, intact))),
        corruptions={
            name: Corruption(
                title=corruption.title,
                published=corruption.published,
                measure=corruption.measure,
                values=tuple(corruption.values[s - 1] for s in strengths),
                auroc=tuple(scores[name, s] for s in strengths),
                drop=tuple(whole - scores[name, s] for s in strengths),
                abstention=tuple(held_back[name, s] for s in strengths),
            )
            for name, corruption in CORRUPTIONS.items()
        },
        summary=_summary(sample, intact, answers, scores, held_back),
    )


def mean_auroc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The mean over classes of one against the rest; NaN where the labels are all one class."""
    figures = [auroc(own, scores) for own, scores in _one_by_one(labels, probabilities)]
    return float(np.mean(figures)) if figures else float("nan")


def mean_drop(sample: Sample, intact: np.ndarray, spoilt: Sequence[np.ndarray]) -> Estimate:
    """The AUROC that spoiling costs, averaged over classes and over `spoilt`, with its interval.

    `intact` and each of `spoilt`: probabilities, (N, outputs). An AUROC is the share of pairs, one
    film of the class and one of the rest, that stand in the right order. So the mean AUROC over
    corruptions is that of their mean table of pairs, and one table serves every resample.
    """
    tables = []
    for output, (own, before) in enumerate(_one_by_one(sample.labels, intact)):
        after = [list(_one_by_one(sample.labels, given))[output][1] for given in spoilt]
        table = _pairs(own, before) - np.mean([_pairs(own, scores) for scores in after], axis=0)
        tables.append((own, table))

    def statistic(weights: np.ndarray) -> float:
        with np.errstate(invalid="ignore"):
            drops = [
                weights[own] @ table @ weights[~own] / (weights[own].sum() * weights[~own].sum())
                for own, table in tables
            ]
        return float(np.mean(drops))

    return estimate(statistic, sample.groups, len(sample.labels))


def _summary(
    sample: Sample,
    intact: np.ndarray,
    answers: dict[_Setting, np.ndarray],
    scores: dict[_Setting, float],
    held_back: dict[_Setting, float],
) -> RobustnessSummary:
    mild = [setting for setting in answers if setting[1] in _MILD]
    published = [setting for setting in mild if CORRUPTIONS[setting[0]].published]
    drops = {
        name: mean_drop(sample, intact, [answers[setting] for setting in chosen])
        for name, chosen in (("published", published), ("all", mild))
    }
    worst = min(scores, key=scores.__getitem__)
    whole = mean_auroc(sample.labels, intact)
    return RobustnessSummary(
        drop=drops,
        goal=GOAL,
        worst=WorstCorruption(name=worst[0], strength=worst[1], drop=whole - scores[worst]),
        abstention=_rank_correlation([s for _, s in held_back], list(held_back.values())),
    )


def _one_by_one(
    labels: np.ndarray, probabilities: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Which films are of a class, bool (N,), and its scores, (N,).

    For each class with films for and against.
    """
    for output in range(probabilities.shape[1]):
        own = labels == output
        if own.any() and not own.all():
            yield own, probabilities[:, output]


def _pairs(own: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Whether a film of the class scores above one of the rest: 1, 0.5 where alike, else 0.

    Float64 (films of the class, the rest).
    """
    difference = scores[own][:, np.newaxis] - scores[~own]
    return (np.sign(difference) + 1) / 2


def _rank_correlation(strengths: Sequence[int], shares: Sequence[float]) -> float | None:
    if len(set(shares)) == 1 or len(set(strengths)) == 1:
        return None
    return float(spearmanr(strengths, shares).statistic)


def _share(of: np.ndarray) -> float:
    return float(np.mean(of))

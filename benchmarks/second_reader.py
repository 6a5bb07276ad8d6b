"""What a second network adds to the answers of the shipped one.

    python -m benchmarks.second_reader MANIFEST [--second weights/teachers] [--recipe teacher-lite0]

Each network's rules are fitted on validation. Compared are the two alone, the first with its answer
withdrawn where the second decides otherwise, the same with the prediction sets that decide most
while enough of it is right, and the mean of both networks' log probabilities. Validation is
measured by five folds of patients, each by rules fitted on the others; the test part and sources
held out by rules fitted on all of validation.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.special import log_softmax
from sklearn.model_selection import GroupKFold

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import MEASURED, Split
from covid_core.errors import DatasetError
from covid_core.evaluation.answers import load_or_compute_logits
from covid_core.findings import CLASSES, Finding
from covid_core.local_validation.prediction_sets import films_needed
from covid_core.model.card import SHIPPED, WEIGHTS
from covid_core.model.decision import BALANCED, Rules, judge_tiers, tiers_at
from covid_core.model.network_files import load_weights
from covid_core.model.tasks import task_of
from covid_core.model.tiers import Tier
from covid_core.present import markdown
from covid_core.training.films import Films, load_films
from covid_core.training.fit_rules import COVERAGES, RIGHT, fit_rules, least_probabilities

FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Films and two networks' logits of them, float64 (N, 3) each.

    `labels`: int (N,), in the order of CLASSES; `sources`: text (N,); `groups`: int (N,), the same
    for films of one patient.
    """

    first: np.ndarray
    second: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    groups: np.ndarray

    @property
    def both(self) -> tuple[np.ndarray, np.ndarray]:
        """The logits of the first network and of the second."""
        return self.first, self.second

    def at(self, indices: np.ndarray) -> Answered:
        """The films at `indices`."""
        return Answered(
            self.first[indices],
            self.second[indices],
            self.labels[indices],
            self.sources[indices],
            self.groups[indices],
        )


Reader = Callable[[Answered], list[Tier]]
"""From films to the tier of each."""


def fit_first(films: Answered) -> Reader:
    """The shipped network alone."""
    return _fit_alone(films, lambda given: given.first)


def fit_second(films: Answered) -> Reader:
    """The second network alone."""
    return _fit_alone(films, lambda given: given.second)


def fit_veto(films: Answered) -> Reader:
    """The shipped network, undecided where the second decides otherwise."""
    rules = [_rules(films, logits) for logits in films.both]
    return lambda given: _vetoed(rules, given)


def fit_veto_and_sets(films: Answered) -> Reader:
    """The same, by the prediction sets at which the two together decide most, rightly enough."""
    rules = [_rules(films, logits) for logits in films.both]
    rarest = int(np.bincount(films.labels).min())
    tried = [
        [
            _at_coverage(one, films, logits, coverage)
            for one, logits in zip(rules, films.both, strict=True)
        ]
        for coverage in COVERAGES
        if films_needed(coverage) <= rarest
    ]
    measured = [measure(_vetoed(pair, films), films.labels) for pair in tried]
    enough = [i for i, shares in enumerate(measured) if shares.right >= RIGHT]
    chosen = tried[max(enough, key=lambda i: measured[i].decided)] if enough else rules
    return lambda given: _vetoed(chosen, given)


def fit_mean(films: Answered) -> Reader:
    """The mean of both networks' log probabilities, by rules of its own."""
    return _fit_alone(films, _mean)


READERS: dict[str, Callable[[Answered], Reader]] = {
    "the shipped network": fit_first,
    "the second": fit_second,
    "the shipped, undecided where the second decides otherwise": fit_veto,
    "the same, with prediction sets of its own": fit_veto_and_sets,
    "the mean of both": fit_mean,
}


@dataclass(frozen=True, slots=True)
class Shares:
    """What tiers came to: the share of films decided, and the share right of these.

    `normals`: of normal radiographs, the share in which no pneumonia is seen.
    """

    decided: float
    right: float
    normals: float


def measure(tiers: Sequence[Tier], labels: np.ndarray) -> Shares:
    """The shares of tiers by the films' labels, int (N,)."""
    decided, right = judge_tiers(tiers, labels, CLASSES)
    seen = np.array([tier is Tier.NONE_SEEN for tier in tiers], bool)
    return Shares(
        float(decided.mean()),
        float((decided & right).sum() / max(decided.sum(), 1)),
        float(seen[labels == CLASSES.index(Finding.NORMAL)].mean()),
    )


def read_by_folds(fit: Callable[[Answered], Reader], films: Answered) -> list[Tier]:
    """The tier of each film, by rules fitted on other patients'."""
    found: list[Tier] = [Tier.UNDECIDED] * len(films.labels)
    for seen, rest in GroupKFold(FOLDS).split(films.labels, groups=films.groups):
        for i, tier in zip(rest, fit(films.at(seen))(films.at(rest)), strict=True):
            found[i] = tier
    return found


def _fit_alone(films: Answered, logits_of: Callable[[Answered], np.ndarray]) -> Reader:
    rules = _rules(films, logits_of(films))
    return lambda given: _tiers(rules, logits_of(given))


def _rules(films: Answered, logits: np.ndarray) -> Rules:
    return fit_rules(logits, films.labels, films.sources, films.groups)


def _at_coverage(rules: Rules, films: Answered, logits: np.ndarray, coverage: float) -> Rules:
    probabilities = rules.probabilities(logits)
    least = least_probabilities(probabilities, films.labels, films.sources, coverage)
    return replace(rules, least=least, coverage=coverage)


def _tiers(rules: Rules, logits: np.ndarray) -> list[Tier]:
    return tiers_at(rules.point(BALANCED), rules, rules.probabilities(logits), CLASSES)


def _vetoed(rules: Sequence[Rules], films: Answered) -> list[Tier]:
    first, second = (_tiers(one, logits) for one, logits in zip(rules, films.both, strict=True))
    return [
        own if other in (own, Tier.UNDECIDED) else Tier.UNDECIDED
        for own, other in zip(first, second, strict=True)
    ]


def _mean(films: Answered) -> np.ndarray:
    return np.asarray(log_softmax(films.first, axis=1) + log_softmax(films.second, axis=1)) / 2


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--second", type=Path, default=WEIGHTS / "teachers")
    parser.add_argument("--recipe", default="teacher-lite0", help="of the second network")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    options = parser.parse_args()
    parts = _answered(options)
    rows = []
    for name, fit in READERS.items():
        validation = parts[Split.VALIDATION]
        tiers = {Split.VALIDATION: read_by_folds(fit, validation)}
        reader = fit(validation)
        tiers |= {part: reader(parts[part]) for part in MEASURED if part in parts}
        for part, found in tiers.items():
            shares = measure(found, parts[part].labels)
            figures = (shares.decided, shares.right, shares.normals)
            rows.append((name, part.value, *(f"{share:.3f}" for share in figures)))
    header = ("answers", "part", "decided", "right of these", "normal: no pneumonia seen")
    print(markdown.table(header, rows))


def _answered(options: argparse.Namespace) -> dict[Split, Answered]:
    """Both networks' answers by part of the manifest's films."""
    table = read_manifest(options.manifest)
    networks = ((options.weights, SHIPPED), (options.second, options.recipe))
    found: list[dict[Split, np.ndarray]] = []
    films: Films | None = None
    for folder, recipe in networks:
        network, card = load_weights(folder, recipe)
        if tuple(card.classes) != CLASSES:
            raise DatasetError(
                "the network does not name normal, pneumonia and COVID-19",
                "Give a network of these three classes",
                file=str(folder / recipe),
            )
        own = load_films(table, card.preprocess, options.cache, workers=2)
        films = own.label_by(task_of(card.classes))
        found.append(
            load_or_compute_logits(network, card, films, options.cache, device=torch.device("cpu"))
        )
    assert films is not None
    first, second = found
    parts = {part: films.part(part) for part in (Split.VALIDATION, *MEASURED)}
    return {
        part: Answered(
            first[part],
            second[part],
            films.labels[indices],
            films.sources[indices],
            films.groups[indices],
        )
        for part, indices in parts.items()
        if len(indices)
    }


if __name__ == "__main__":
    main()

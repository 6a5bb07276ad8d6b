"""A second network beside the first: what is compared, and what each way says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import second_reader
from benchmarks.second_reader import READERS, Answered, fit_first, fit_mean, fit_veto, measure
from covid_core.findings import CLASSES
from covid_core.model.tiers import DECIDED, Tier


def drawn(films: int = 600, noise: float = 1.0, seed: int = 0) -> Answered:
    """Two networks that err independently, on films of two sources."""
    drawing = np.random.default_rng(seed)
    labels = drawing.integers(0, 3, films)
    truth = 4 * np.eye(3)[labels]
    first, second = (truth + noise * drawing.normal(size=(films, 3)) * 2 for _ in range(2))
    sources = np.where(np.arange(films) % 2, "a", "b")
    return Answered(first, second, labels, sources, np.arange(films))


def test_shares_are_counted() -> None:
    tiers = [Tier.NONE_SEEN, Tier.UNDECIDED, Tier.LIKELY, Tier.NONE_SEEN]
    normal, covid = CLASSES.index("normal"), CLASSES.index("covid")
    shares = measure(tiers, np.array([normal, normal, covid, covid]))
    assert (shares.decided, shares.right, shares.normals) == (0.75, pytest.approx(2 / 3), 0.5)


def test_a_veto_only_takes_answers_back() -> None:
    films = drawn()
    first, vetoed = fit_first(films)(films), fit_veto(films)(films)
    changed = [(one, other) for one, other in zip(first, vetoed, strict=True) if one is not other]
    assert changed
    assert all(one in DECIDED and other is Tier.UNDECIDED for one, other in changed)


def test_independent_errors_cancel_in_the_mean() -> None:
    fitted, fresh = drawn(), drawn(seed=1)
    alone = measure(fit_first(fitted)(fresh), fresh.labels)
    both = measure(fit_mean(fitted)(fresh), fresh.labels)
    assert both.decided > alone.decided


def test_a_fold_is_read_by_rules_of_other_patients() -> None:
    films = drawn(90)
    seen: list[set[int]] = []

    def fit(fitted: Answered) -> second_reader.Reader:
        own = set(fitted.groups.tolist())

        def read(given: Answered) -> list[Tier]:
            assert not own & set(given.groups.tolist())
            seen.append(set(given.groups.tolist()))
            return [Tier.NONE_SEEN] * len(given.labels)

        return read

    assert second_reader.read_by_folds(fit, films) == [Tier.NONE_SEEN] * 90
    assert set().union(*seen) == set(range(90))
    assert len(READERS) == 5

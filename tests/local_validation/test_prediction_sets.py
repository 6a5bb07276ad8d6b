"""A site's prediction sets: fitted class by class, and no further than its films allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from covid_core.findings import CLASSES, Finding
from covid_core.local_validation.prediction_sets import (
    conformal_quantile,
    sets_at_site,
    shrink_quantile,
)
from covid_core.local_validation.scores import (
    Scores,
    build_scores,
    finding_by_folder,
    label_by_folder,
    read_scores,
)
from covid_core.model.decision import BALANCED, COVERAGE, OperatingPoint, Rules, decide, scaled_by
from covid_core.model.tiers import Tier

RULES = Rules(scaled_by(1.0, 3), (0.0,) * 3, (OperatingPoint(BALANCED, 0.5),), (0.2, 0.2, 0.2), 0.9)


def films(counts: tuple[int, int, int], seed: int = 0):
    drawing = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), counts)
    probabilities = drawing.dirichlet((0.8, 0.8, 0.8), len(labels))
    probabilities[np.arange(len(labels)), labels] += 1
    return labels, probabilities / 2


def scored(labels: np.ndarray, probabilities: np.ndarray, findings: list[Finding | None]) -> Scores:
    return build_scores(
        labels == 2,
        probabilities[:, 2],
        [""] * len(labels),
        findings=findings,
        probabilities=probabilities,
    )


def test_a_quantile_counts_by_its_films_up_to_a_hundred() -> None:
    assert shrink_quantile(0.1, 0.5, 0) == 0.5
    assert shrink_quantile(0.1, 0.5, 50) == pytest.approx(0.3)
    assert shrink_quantile(0.1, 0.5, 100) == shrink_quantile(0.1, 0.5, 500) == 0.1


def test_each_class_is_covered_on_a_site_s_own_films() -> None:
    labels, probabilities = films((400, 300, 200))
    findings = [CLASSES[label] for label in labels]
    least = sets_at_site(scored(labels, probabilities, findings), RULES)
    assert least is not None and min(least) > 0.4
    for output in range(3):
        covered = probabilities[labels == output, output] >= least[output]
        assert covered.mean() == pytest.approx(COVERAGE, abs=0.02)


def test_a_class_of_few_films_keeps_the_weights_threshold_and_some_move_it_in_part() -> None:
    labels, probabilities = films((9, 50, 40))
    findings = [CLASSES[label] if label else None for label in labels]
    least = sets_at_site(scored(labels, probabilities, findings), RULES)
    assert least is not None and least[0] == 0.2
    own = conformal_quantile(probabilities[labels == 1], 1)
    assert least[1] == pytest.approx((own + 0.2) / 2)


def test_without_all_probabilities_the_sets_stay() -> None:
    table = b"label,score\n" + b"covid,0.9\nnormal,0.1\n" * 10
    assert sets_at_site(read_scores(table, "rows.csv"), RULES) is None


def test_a_table_of_predict_gives_each_class_its_films() -> None:
    header = b"label,p_normal,p_pneumonia,p_covid\n"
    rows = b"covid,0.05,0.05,0.9\nnormal,0.8,0.1,0.1\npneumonia,0.1,0.7,0.2\n0,0.5,0.3,0.2\n"
    scores = read_scores(header + rows * 10, "rows.csv")
    assert scores.labels is not None and scores.labels[:4].tolist() == [2, 0, 1, -1]
    least = sets_at_site(scores, RULES)
    assert least == pytest.approx((0.26, 0.25, 0.27))
    odd = read_scores(header + rows * 10 + b"covid,2,0,0.4\n", "rows.csv")
    assert odd.probabilities is None


def test_the_site_s_sets_change_what_is_said() -> None:
    point = OperatingPoint("site", 0.5, least=(0.2, 0.2, 0.95))
    rules = replace(RULES, points=(*RULES.points, point))
    probabilities = np.array([0.05, 0.05, 0.9])
    assert decide(probabilities, rules).tier is Tier.LIKELY
    assert decide(probabilities, rules, point="site").tier is Tier.UNDECIDED


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("covid/a.png", Finding.COVID),
        ("normal/patient 7/a.png", Finding.NORMAL),
        ("pneumonia/a.png", Finding.PNEUMONIA),
        ("elsewhere/a.png", None),
        ("normal/covid/a.png", None),
    ],
)
def test_folders_name_a_class(name: str, finding: Finding | None) -> None:
    assert finding_by_folder(name) is finding
    known = label_by_folder(name)
    assert known is None or known[0] is (finding is Finding.COVID)

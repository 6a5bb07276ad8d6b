"""The card's figures: counted by hand, source by source, and the heat's scale in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from covid_core.datasets.split import Split
from covid_core.evaluation.evaluate import (
    evaluate,
    measure_full_heat,
    measure_storage_change,
    summarise,
)
from covid_core.model.decision import CALIBRATED, SOFTMAX, Rules
from covid_core.model.network_files import as_stored
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.films import Films
from covid_core.training.inference import compute_logits, logits_by_split
from tests.films import grey_film
from tests.models import head_of, random_network

CPU = torch.device("cpu")
SMALL = Preprocess(size_px=64)
PARTS = [Split.TEST] * 24 + [Split.HELD_OUT] * 12 + [Split.VALIDATION] * 12


@pytest.fixture(scope="module")
def films() -> Films:
    count = len(PARTS)
    sources = np.array(["one", "two"] * (count // 2), dtype="<U4")
    sources[24:36] = "away"
    return Films(
        pictures=np.stack([grey_film(64, 64, seed=i) for i in range(count)]),
        labels=np.arange(count) % 3,
        groups=np.arange(count) // 2,
        sources=sources,
        splits=np.array([split.value for split in PARTS]),
        names=tuple(f"{i}.png" for i in range(count)),
    )


def test_summary_counts_what_a_person_would(films: Films) -> None:
    indices = np.arange(24)
    scored = np.full((24, 3), 0.1)
    scored[indices, films.labels[:24]] = 0.8
    scored[0] = (0.1, 0.1, 0.8)  # one normal film called COVID-19
    summary = summarise(films, indices, scored)
    assert (summary.films, summary.groups) == (24, 12)
    assert summary.confusion == ((7, 0, 1), (0, 8, 0), (0, 0, 8))
    assert summary.accuracy.value == pytest.approx(23 / 24)
    assert summary.classes["normal"].sensitivity.value == pytest.approx(7 / 8)
    assert summary.classes["covid"].specificity.value == pytest.approx(15 / 16)
    assert summary.classes["pneumonia"].auroc.value == 1


def test_it_is_stated_of_how_many_films_the_patient_is_known(films: Films) -> None:
    indices, scored = np.arange(24), np.full((24, 3), 1 / 3)
    assert summarise(films, indices, scored).patients_known is None
    known = replace(films, patients_known=films.sources == "one")
    assert summarise(known, indices, scored).patients_known == 0.5


def test_a_class_of_few_films_is_left_out(films: Films) -> None:
    indices = np.nonzero((films.labels != 2) | (np.arange(48) < 12))[0]
    summary = summarise(films, indices, np.full((len(indices), 3), 1 / 3))
    assert "covid" not in summary.classes


def test_evaluation_separates_sources(films: Films) -> None:
    logits = logits_by_split(random_network(), films, SMALL, device=CPU)
    results = evaluate(films, logits)
    assert results.test.films == 24
    assert results.held_out == {}, "four films of a class say nothing"
    assert set(results.test_by_source) <= {"one", "two"}
    assert results.probabilities == SOFTMAX


def test_all_figures_are_of_calibrated_probabilities_where_there_are_rules(films: Films) -> None:
    """Logits that are right but for a class too rare, as training with even classes leaves them."""
    logits = {split: np.zeros((len(films.part(split)), 3)) for split in Split}
    for split, found in logits.items():
        found[np.arange(len(found)), films.labels[films.part(split)]] = 1.0
        found[:, 2] += 2.0
    rules = replace(Rules.plain(3), bias=(0.0, 0.0, -2.0), coverage=0.9)
    plain, calibrated = evaluate(films, logits), evaluate(films, logits, rules=rules)
    assert plain.test.accuracy.value == pytest.approx(1 / 3)
    assert calibrated.test.accuracy.value == 1
    assert calibrated.test.classes["covid"].specificity.value == 1
    assert np.trace(calibrated.test.confusion) == 24
    assert (plain.probabilities, calibrated.probabilities) == (SOFTMAX, CALIBRATED)


def test_storage_is_measured_against_the_tensors_of_training(films: Films) -> None:
    network = random_network()
    test = films.part(Split.TEST)
    stored = compute_logits(as_stored(network), films, test, SMALL, device=CPU)
    assert 0 < measure_storage_change(network, films, SMALL, stored, device=CPU) < 0.002
    rounded = as_stored(network)  # as it would be loaded from its file
    assert measure_storage_change(rounded, films, SMALL, stored, device=CPU) == 0


def test_full_heat_is_a_percentile_of_grad_cam(films: Films) -> None:
    network = random_network().requires_grad_(False)
    cells = []
    for i in films.part(Split.VALIDATION):
        with torch.inference_mode():
            features = network.feature_map(SMALL.tensor(films.pictures[i : i + 1]))
            call = int(network.head(features).argmax())
        if call == films.labels[i]:
            cells.append(head_of(network).evidence(features[0].numpy(), call).ravel())
    assert cells, "a network that is never right would measure nothing"
    expected = np.percentile(np.concatenate(cells), 99)
    assert measure_full_heat(network, films, SMALL, device=CPU) == pytest.approx(expected, rel=1e-4)


def test_full_heat_is_above_zero_where_nothing_is_called_right(films: Films) -> None:
    network = random_network().requires_grad_(False)
    scored = compute_logits(network, films, np.arange(48), SMALL, device=CPU)
    wrong = replace(films, labels=(scored.argmax(axis=1) + 1) % 3)
    assert measure_full_heat(network, wrong, SMALL, device=CPU) > 0

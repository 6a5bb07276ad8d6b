"""The audit from end to end: on films drawn here, to figures beside the weights and one report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from covid_core.__main__ import main, run
from covid_core.datasets.manifest import COLUMNS, write_manifest
from covid_core.datasets.split import Split, fingerprint
from covid_core.errors import DatasetError, WeightsError
from covid_core.evaluation.audit import Amount, Audit, abstention, audit
from covid_core.evaluation.targets import goals
from covid_core.evaluation.zone_scores import READERS
from covid_core.explain.lung_zones import ZONES
from covid_core.findings import CLASSES
from covid_core.metrics import format_estimate
from covid_core.model.audit import ZoneRow, Zones
from covid_core.model.card import WEIGHTS, read_audit, read_card, save_card
from covid_core.model.decision import Rules
from covid_core.model.network_files import load_weights
from covid_core.model.results import Results
from covid_core.model.tasks import TASKS
from covid_core.model_card.audit_report import write_audit
from covid_core.model_card.card import model_card, read_beside
from covid_core.model_card.reporting_items import ITEMS
from covid_core.model_card.trust import audit_section
from covid_core.model_card.within_source import boxes_in_words
from covid_core.predict.gate import Gate
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.measured import estimate, example_audit, trust
from tests.models import random_network, save_network

pytestmark = pytest.mark.usefixtures("few_resamples")

PARTS = (Split.VALIDATION, Split.TEST, Split.HELD_OUT)
RESULTS = Results(storage_change=0.0125)
ZONES_GOAL = "Maps that are shown: lung zones, with radiologists' scores (rank correlation)"
EACH = 10  # films of each class in each part


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of phantoms, and weights, drawn at random, that say they were trained on it."""
    place = tmp_path_factory.mktemp("audit")
    rows = []
    for i in range(3 * EACH * len(PARTS)):
        label, part = CLASSES[i % 3], PARTS[i % (3 * len(PARTS)) // 3]
        film = place / f"{i}.png"
        film.write_bytes(png(draw_phantom(KINDS[i % 3], size_px=160, seed=i)))
        row = dict.fromkeys(COLUMNS, "") | {"path": str(film), "label": label.value}
        row |= {"source": "away" if part is Split.HELD_OUT else "clinic", "patient": f"{i}"}
        row |= {"age": 20.0 + i % 60, "sex": "FM"[i % 2], "view": "PA", "split": part.value}
        row |= {"width": 160, "height": 160, "sha256": f"{i:064x}", "duplicate_group": i}
        rows.append(row)
    table = pd.DataFrame(rows).astype({name: kind for name, (kind, _) in COLUMNS.items()})
    write_manifest(table, place / "manifest.parquet")
    save_network(
        random_network(seed=1),  # one that has evidence for the disease in the lungs
        place / "weights",
        preprocess=Preprocess(size_px=64),
        results=RESULTS,
        full_heat=0.1,
        split=fingerprint(table),
    )
    return place


def test_calibrate_then_audit_then_card(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights, report = place / "weights", place / "audit.html"
    shared = ["--weights", str(weights), "--cache", str(place / "cache")]
    before = (weights / "densenet121.safetensors").read_bytes()
    assert main(["calibrate", str(place / "manifest.parquet"), *shared]) == 0
    assert "expected calibration error" in capsys.readouterr().out
    assert (weights / "densenet121.safetensors").read_bytes() == before, "only the card changes"
    card = read_card(weights)
    assert card.rules.fitted
    assert [point.name for point in card.rules.points] == ["rule-out", "balanced", "rule-in"]
    assert list(card.trust) == ["test part", "clinic", "away"]

    scores = pd.DataFrame({f"{i}.png": np.arange(12) % 4 for i in range(18)}).T  # 6 of each part
    scores.columns = pd.Index(f"{reader}-{zone}" for reader in READERS for zone in ZONES)
    scores.to_csv(place / "scores.csv", index_label="filename")
    small = ["--probes", "12", "--maps", "2", "--corruptions", "6"]
    small += ["--zone-scores", str(place / "scores.csv")]
    small += ["--boxes", str(with_boxes(place))]
    command = ["audit", "--manifest", str(place / "manifest.parquet"), "--report", str(report)]
    assert main([*command, *shared, *small]) == 0
    output = capsys.readouterr().out
    figures = read_audit(weights, card)
    assert figures is not None
    for goal in goals(card, figures):
        assert f"{goal.name}: {goal.measured}, required {goal.required}" in output
    assert figures.probes["test"].covered == "after preparation"
    kept, again = card.results.storage_change, card.results.test
    assert kept == 0.0125, "calibrate can't measure what storing changed"
    assert again.films == 30 and card.results.probabilities == "calibrated"
    assert "adults, COVID-19 against other pneumonia, away alone" in figures.parts["held out"].age
    assert len(figures.robustness.corruptions) == 17
    assert set(figures.probes) == {"test", "held out"}
    assert figures.parts["test"].strata["sex"]["F"].films == 15
    zones = figures.zones
    assert zones.films + zones.left_out == 12, "those of the validation part have no say"
    assert zones.sources == ("away", "clinic")
    boxes = figures.boxes
    assert set(boxes) == {"away", "clinic"}
    assert boxes["clinic"]["test"]["covid"].films == EACH
    page = report.read_text(encoding="utf-8")
    for sentence in boxes_in_words(boxes):
        assert sentence in page
    assert "With radiologists' scores of six lung zones" in page
    assert card.name in page and "http" not in page.split("</script>", 1)[1].split("<script")[0]
    assert page.count("<img src=") == 2 * 4, "two films: the film, and three methods' maps"

    assert main(["card", "--weights", str(weights)]) == 0
    text = (weights / "README.md").read_text(encoding="utf-8")
    assert text == model_card(card, read_beside(card, weights))
    assert all(item.topic in text for item in ITEMS)
    assert "### Lung zones" in text and format_estimate(zones.rows["grey"].correlation) in text
    without = figures.replace(zones=None, boxes={})
    assert "### Lung zones" not in audit_section(card, without)
    write_audit(Audit(without, []), card, {}, report)
    bare = report.read_text(encoding="utf-8")
    assert "six lung zones" not in bare and "Against boxes" not in bare
    assert (weights / "reliability.svg").read_text().startswith("<?xml")
    other = card.replace(sha256="0" * 64)
    assert read_audit(weights, other) is None, "an audit of other weights says nothing of these"
    assert "have not been audited" in model_card(other, read_beside(other, weights))


def with_boxes(place: Path) -> Path:
    """The same manifest with a box in each film of COVID-19."""
    table = pd.read_parquet(place / "manifest.parquet")
    covid = table["label"] == CLASSES[-1].value
    table = table.assign(boxes=np.where(covid, "[[0.2, 0.5, 0.4, 0.8]]", ""), appearance="")
    table.to_parquet(place / "boxed.parquet")
    return place / "boxed.parquet"


def test_only_the_manifest_that_the_weights_know_is_audited(place: Path, tmp_path: Path) -> None:
    network, card = load_weights(place / "weights")
    other = card.replace(split="another")
    table = pd.read_parquet(place / "manifest.parquet")
    settings = {
        "weights": place,
        "amount": Amount(),
        "seed": 0,
        "workers": 1,
        "device": torch.device("cpu"),
    }
    with pytest.raises(DatasetError, match="another split"):
        audit(network, other, table, tmp_path, **settings)  # type: ignore[arg-type]
    two = card.replace(classes=TASKS["covid or normal"].outputs, rules=Rules.plain(2))
    with pytest.raises(WeightsError, match="three classes"):
        audit(network, two, table, tmp_path, **settings)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="another split"):
        save_card(other, tmp_path)
        (tmp_path / "densenet121.safetensors").write_bytes(
            (place / "weights" / "densenet121.safetensors").read_bytes()
        )
        options = ["--weights", str(tmp_path), "--cache", str(tmp_path)]
        raise_from_command(["calibrate", str(place / "manifest.parquet"), *options])


def raise_from_command(arguments: list[str]) -> None:
    """What the command line would say, as the error that it is."""
    run(arguments)


def test_a_film_gets_no_answer_by_the_gate_or_by_its_tier() -> None:
    rules = replace(Rules.plain(3), least=(0.4, 0.4, 0.4), coverage=0.9)
    sure, torn, possible = [0.9, 0.05, 0.05], [0.45, 0.1, 0.45], [0.1, 0.45, 0.45]
    phantom = draw_phantom(size_px=224)
    noise = np.random.default_rng(0).integers(0, 256, (224, 224), dtype=np.uint8)
    held_back = abstention(Gate.load(), rules)
    films, answers = [phantom, phantom, phantom, noise], [sure, torn, possible, sure]
    assert held_back(films, np.array(answers)).tolist() == [False, True, False, True]


def test_a_goal_is_met_or_missed_by_its_own_number() -> None:
    card = read_card(WEIGHTS).replace(trust={"test part": trust(error=0.021, covered=0.9)})
    named = {goal.name: goal for goal in goals(card, example_audit())}
    assert named["Expected calibration error, test part"].met is False
    assert named["Prediction sets hold the right answer, test part"].met is True
    assert named["AUROC lost to corruptions of strength 1 to 3"].met is True
    assert named["Abstention rises with strength (rank correlation)"].met is None
    assert named["Gate: good frontal films refused"].measured == "0.030 (-0.010 to 0.060)"
    assert named[ZONES_GOAL].met is None
    assert json.dumps([goal.required for goal in named.values()])


@pytest.mark.parametrize("leads", [True, False, None])
def test_maps_that_tell_which_zone_is_ill_are_a_goal(leads: bool | None) -> None:
    rows = {
        name: ZoneRow(title=name, correlation=estimate(value))
        for name, value in (("passed", 0.6), ("area", 0.1), ("grey", 0.5))
    }
    zones = Zones(films=9, rows=rows, leads={}, clearly_leads=leads, severity=estimate(0.5))
    found = goals(read_card(WEIGHTS), example_audit(zones=zones))
    [goal] = [one for one in found if one.name == ZONES_GOAL]
    assert goal.met is leads
    assert goal.measured == ("not measured" if leads is None else "0.600 (0.560 to 0.630)")
    assert "0.10" in goal.required or leads is None

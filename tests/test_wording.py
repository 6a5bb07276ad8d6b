"""What a result may say, and what nothing here may: no score is an accuracy, no figure is without
its source, and no film without the disease goes without its caveat."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from covid_core.exports.pdf import report_pdf
from covid_core.exports.secondary_capture import secondary_capture
from covid_core.exports.structured_report import structured_report
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import Estimate
from covid_core.model.card import WEIGHTS, read_audit, read_card
from covid_core.model.decision import SITE, SITE_FILMS, Decision, OperatingPoint, decide
from covid_core.model.tiers import CAVEAT, FLAGGED, Tier
from covid_core.model_card.audit_words import shortcuts_in_words
from covid_core.present.point_words import (
    answer_worth_in_words,
    elsewhere_in_words,
    point_in_words,
    values_in_words,
)
from covid_core.present.result import result_json
from covid_core.present.rows import prediction_row
from tests.canaries import unpacked
from tests.exports.results import NORMAL, made
from tests.exports.test_pdf import needs_poppler, text_of

ROOT = Path(__file__).parent.parent
CARD = read_card(WEIGHTS)
ACCURATE = re.compile(r"accura", re.IGNORECASE)
# What a score, a probability or one film's answer is called elsewhere in a sentence.
OF_ONE_FILM = re.compile(
    r"\b(scores?|probabilit\w*|confiden\w*|this film|this answer|prediction|diagnos\w*)\b",
    re.IGNORECASE,
)
# Where a share of films called right is stated, measured on many of them.
MEASURED = {
    "README.md",
    "weights/README.md",
    "app/texts/model.py",
    "app/recipe_tables.py",
    "app/model_plots.py",
    "app/pages/model.py",
    "covid_core/model_card/baselines.py",
    "covid_core/model_card/comparison.py",
    "covid_core/model_card/comparison_plots.py",
    "covid_core/model_card/front_matter.py",
    "covid_core/model_card/headline.py",
    "covid_core/model_card/plots.py",
    "covid_core/model/results.py",
    "covid_core/model_card/results.py",
    "covid_core/model_card/trust.py",
}
MEASURING = ("covid_core/evaluation/", "covid_core/training/", "covid_core/datasets/", "docs/")
PROSE = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("weights/**/*.md"),
    *ROOT.glob("covid_core/**/*.html"),
    *ROOT.glob("app/**/*.html"),
]
CODE = [
    *ROOT.glob("app/**/*.py"),
    *ROOT.glob("covid_core/**/*.py"),
    ROOT / "streamlit_app.py",
    ROOT / "train.py",
]
DETECTS = re.compile(r"\bdetect(s|ed|ion|ing)?\b[^.]{0,40}\bCOVID|COVID\S* detect", re.IGNORECASE)


def texts_of(path: Path) -> Iterator[str]:
    """What a file says: all of a page's words, or a module's texts and names."""
    if path.suffix != ".py":
        yield from re.split(r"(?<=[.!?])\s|\n\n|\n\||\n-", path.read_text(encoding="utf-8"))
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.split(r"(?<=[.!?])\s", node.value)
        elif isinstance(node, ast.Name | ast.Attribute | ast.FunctionDef | ast.arg):
            yield (
                getattr(node, "id", None)
                or getattr(node, "attr", None)
                or getattr(node, "name", None)
                or getattr(node, "arg", "")
            )


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_accuracy_is_only_spoken_of_where_it_is_measured() -> None:
    found = {place(p) for p in [*PROSE, *CODE] if any(map(ACCURATE.search, texts_of(p)))}
    assert {"README.md", "covid_core/model/results.py"} <= found, "the search finds it"
    assert {one for one in found if one not in MEASURED and not one.startswith(MEASURING)} == set()


def test_no_score_and_no_probability_is_called_an_accuracy() -> None:
    found = [
        f"{place(path)}: {text}"
        for path in [*PROSE, *CODE]
        for text in texts_of(path)
        if ACCURATE.search(text) and OF_ONE_FILM.search(text)
    ]
    assert found == []


def test_such_a_sentence_would_be_found() -> None:
    for text in ("Accuracy: the model's confidence", "The score's accuracy is 93%"):
        assert ACCURATE.search(text) and OF_ONE_FILM.search(text)


def test_nothing_says_that_it_detects_covid() -> None:
    """Not without the source on which that was measured, so never in so few words."""
    assert DETECTS.search("It detects COVID-19.") and DETECTS.search("COVID-19 detection")
    found = [f"{place(p)}: {t}" for p in [*PROSE, *CODE] for t in texts_of(p) if DETECTS.search(t)]
    assert found == []


@pytest.mark.parametrize("point", CARD.rules.points, ids=lambda point: point.name)
def test_every_figure_of_the_shipped_weights_names_its_sources(point: OperatingPoint) -> None:
    sources, disease = CARD.films["test"], CARD.classes[-1]
    decision = Decision(disease, True, (disease,), point, "", Tier.LIKELY)
    worth = values_in_words(point, disease, 0.1)
    of_answer = answer_worth_in_words(decision, disease, 0.1)
    assert worth is not None and of_answer is not None
    for words in (point_in_words(point, disease), worth, of_answer):
        assert all(source in words for source in sources), words
    [held_out] = CARD.results.held_out
    away = elsewhere_in_words(CARD, decision, disease, 0.1)
    assert f"({held_out}, {CARD.trust[held_out].films} films)" in away
    assert "of those with this answer have COVID-19" in away


def test_the_audit_s_figure_names_its_sources() -> None:
    audit = read_audit(WEIGHTS, CARD)
    assert audit is not None
    for limit in (0.0, 1.0):
        probes = {part: one.replace(limit=limit) for part, one in audit.probes.items()}
        words = shortcuts_in_words(audit.replace(probes=probes), CARD)
        assert ("AUROC" in words) == (limit == 0.0)
        for part in probes:
            assert all(source in words for source in audit.parts[part].strata["source"])


def test_a_site_s_own_figures_are_stated_as_its_own() -> None:
    point = OperatingPoint(
        SITE, 0.2, Estimate(0.9, 0.8, 0.95, 50), Estimate(0.8, 0.7, 0.9, 70), SITE_FILMS
    )
    for words in (point_in_words(point, Finding.COVID), values_in_words(point, Finding.COVID, 0.1)):
        assert words is not None and SITE_FILMS in words


def test_where_no_source_is_recorded_that_is_said() -> None:
    point = OperatingPoint("own", 0.2, Estimate(0.9, 0.8, 0.95, 50), Estimate(0.8, 0.7, 0.9, 70))
    assert "films whose source is not recorded" in point_in_words(point, Finding.COVID)


@pytest.mark.parametrize("probabilities", [NORMAL, (0.4, 0.2, 0.4), (0.02, 0.96, 0.02)])
def test_whatever_is_not_called_the_disease_has_its_caveat(
    probabilities: tuple[float, ...],
) -> None:
    result = made(probabilities)
    prediction = result.prediction
    capture = secondary_capture(result, None, keep_identity=False)
    report = structured_report(result, None, capture, keep_identity=False)
    assert prediction.decision.sentence.endswith(CAVEAT)
    assert CAVEAT in prediction_row("a.png", prediction)["reason"]
    content = result_json(result)
    assert content["caveat"] == CAVEAT and CAVEAT in content["decision"]["sentence"]
    assert CAVEAT.encode() in report
    called = decide(np.array(probabilities), CARD.rules, CLASSES)
    assert (CAVEAT in called.sentence) == (called.tier not in FLAGGED)


def test_a_row_s_predictive_value_names_its_sources() -> None:
    prediction = made(NORMAL).prediction
    assert "Predictive value by" in prediction_row("a", prediction, prevalence=0.1)["reason"]
    assert "Predictive value" not in prediction_row("a", prediction)["reason"]


@needs_poppler
@pytest.mark.parametrize("probabilities", [NORMAL, (0.04, 0.07, 0.89)])
def test_no_result_speaks_of_accuracy(probabilities: tuple[float, ...]) -> None:
    result = made(probabilities)
    capture = secondary_capture(result, None, keep_identity=False)
    report = structured_report(result, None, capture, keep_identity=False)
    row = json.dumps(prediction_row("a.png", result.prediction, prevalence=0.1))
    for text in (
        text_of(result),
        json.dumps(result_json(result)),
        row,
        report.decode("latin-1"),
        unpacked(report_pdf(result)).decode("latin-1"),
    ):
        assert not ACCURATE.search(text)

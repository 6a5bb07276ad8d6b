"""The front page's table: the network at home and away, each above the rival that questions it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from covid_core.evaluation.baselines import BASELINES, COMMONEST, baselines_in_words
from covid_core.evaluation.targets import TEST
from covid_core.findings import Finding
from covid_core.metrics import told
from covid_core.model.card import WeightsCard
from covid_core.model_card.results import held_out_name
from covid_core.present.markdown import table

RESULTS_BLOCK = "results"  # of a document

_Dict = Mapping[str, Any]


def headline(card: WeightsCard) -> str:
    """The table as Markdown, and in words which baselines the network is not clearly above."""
    disease, measured = card.classes[-1], card.results.get("floors", {})
    home = measured.get(TEST, {})
    rows = [
        _row("**this network**", "at home: test part", card.results["test"], disease),
        *_best_baseline(home),
    ]
    baselines = {"At home": home}
    for source, summary in card.results["held_out"].items():
        away = baselines[f"At `{source}`"] = measured.get(source, {})
        rows.append(
            _row("**this network**", f"away: {held_out_name(source, card)}", summary, disease)
        )
        if COMMONEST in away:
            rows.append([BASELINES[COMMONEST], "away, the same", *_figures(away[COMMONEST])])
    header = ["Answers by", "Radiographs", "n", "Accuracy", f"AUROC of {disease.display_name}"]
    sentences = {where: baselines_in_words(part) for where, part in baselines.items()}
    words = [f"- {where}: {said}" for where, said in sentences.items() if said]
    title = f"{card.name}, commit `{card.git_commit}`:"
    return "\n\n".join(filter(None, (title, table(header, rows), "\n".join(words))))


def _row(who: str, where: str, summary: _Dict, disease: Finding) -> list[str]:
    return [who, where, *_figures(summary | summary["classes"].get(disease, {}))]


def _best_baseline(part: _Dict) -> list[list[str]]:
    """Its row; none where no baselines were measured."""
    best = max(part, key=lambda name: float(part[name]["accuracy"]["value"]), default=None)
    if best is None:
        return []
    return [[f"the best baseline, {BASELINES[best]}", "at home, the same", *_figures(part[best])]]


def _figures(found: _Dict) -> list[str]:
    """The number of radiographs, the accuracy and the AUROC."""
    auroc = told(found["auroc"]) if "auroc" in found else "too few"
    return [str(found["accuracy"]["n"]), told(found["accuracy"]), auroc]

"""The front page's table: the network at home and away, each above the rival that questions it."""

from __future__ import annotations

from collections.abc import Mapping

from covid_core.evaluation.baselines import (
    BASELINES,
    COMMONEST,
    baselines_in_words,
    best_baseline,
)
from covid_core.findings import Finding
from covid_core.metrics import Estimate, format_estimate
from covid_core.model.card import WeightsCard
from covid_core.model.results import TEST, Baseline, Summary
from covid_core.model_card.results import held_out_name
from covid_core.present.markdown import table

RESULTS_BLOCK = "results"  # of a document


def headline(card: WeightsCard) -> str:
    """The table as Markdown, and in words which baselines the network is not clearly above."""
    disease, measured = card.classes[-1], card.results.baselines
    home = measured.get(TEST, {})
    rows = [
        _row("**this network**", "at home: test part", card.results.test, disease),
        *_best_baseline(home),
    ]
    baselines = {"At home": home}
    for source, summary in card.results.held_out.items():
        away = baselines[f"At `{source}`"] = measured.get(source, {})
        rows.append(
            _row("**this network**", f"away: {held_out_name(source, card)}", summary, disease)
        )
        if COMMONEST in away:
            rows.append(
                [
                    BASELINES[COMMONEST],
                    "away, the same",
                    *_figures(away[COMMONEST].accuracy, away[COMMONEST].auroc),
                ]
            )
    header = ["Answers by", "Radiographs", "n", "Accuracy", f"AUROC of {disease.display_name}"]
    sentences = {where: baselines_in_words(part) for where, part in baselines.items()}
    words = [f"- {where}: {said}" for where, said in sentences.items() if said]
    title = f"{card.name}, commit `{card.git_commit}`:"
    return "\n\n".join(filter(None, (title, table(header, rows), "\n".join(words))))


def _row(who: str, where: str, summary: Summary, disease: Finding) -> list[str]:
    own = summary.classes.get(disease)
    return [who, where, *_figures(summary.accuracy, own.auroc if own else None)]


def _best_baseline(part: Mapping[str, Baseline]) -> list[list[str]]:
    """Its row; none where no baselines were measured."""
    best = best_baseline(part)
    if best is None:
        return []
    title, baseline, accuracy = best
    figures = _figures(accuracy, baseline.auroc)
    return [[f"the best baseline, {title}", "at home, the same", *figures]]


def _figures(accuracy: Estimate, auroc: Estimate | None) -> list[str]:
    """The number of radiographs, the accuracy and the AUROC."""
    return [
        str(accuracy.n),
        format_estimate(accuracy),
        format_estimate(auroc) if auroc else "too few",
    ]

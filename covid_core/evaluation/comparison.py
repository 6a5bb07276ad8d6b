"""A comparison of several weights as one HTML file, and as the table that a README shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from covid_core.evaluation import figures
from covid_core.evaluation.compare import Scored
from covid_core.pages import embedded, write_page

_TEMPLATE = Path(__file__).with_name("comparison.html")
_FIGURES = ("auroc", "sensitivity", "specificity", "precision", "f1")
_HEADER = ("Recipe", "Answers", "Films", "Accuracy", "AUROC", "Sensitivity (recall)",
           "Specificity", "Precision", "F1", "Made by")  # fmt: skip


def rows(scored: Sequence[Scored]) -> list[list[str]]:
    """A row a network, in `_HEADER`'s order: its last output, the disease it was made for."""
    table = []
    for one in scored:
        output = one.task.outputs[-1]
        figure = one.results["classes"].get(output, {})
        seed = one.card.training.get("seed", "?")
        table.append([
            one.card.recipe,
            output + (" against " + one.task.outputs[0] if len(one.task.outputs) == 2 else
                      " against the rest"),
            str(one.results["films"]),
            _interval(one.results["accuracy"]),
            *(_interval(figure[name]) if name in figure else "too few" for name in _FIGURES),
            f"`{one.card.git_commit}`, seed {seed}" + ("" if one.same_split else ", another split"),
        ])  # fmt: skip
    return table


def markdown(scored: Sequence[Scored]) -> str:
    """The table as Markdown."""
    lines = [_HEADER, ["---"] * len(_HEADER), *rows(scored)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def write_comparison(scored: Sequence[Scored], part: str, path: Path) -> None:
    """Write the report, self-contained. Raises CovidCoreError where it can't be written."""
    write_page(
        _TEMPLATE,
        path,
        part=part,
        header=_HEADER,
        rows=rows(scored),
        networks=[(one, _plots(one)) for one in scored],
    )


def _plots(one: Scored) -> list[tuple[str, str]]:
    drawn = {
        "ROC": figures.roc(one),
        "Precision and recall": figures.precision_recall(one),
        "Calibration": figures.calibration(one),
        "Confusion": figures.confusion(one),
    }
    if one.card.history:
        drawn["Training"] = figures.curves(one)
    return [(title, embedded(figure)) for title, figure in drawn.items()]


def _interval(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"

"""The model card's sections on trust: calibration, operating points, prediction sets, audit.

Written from what `evaluation.trust` left in the weights' card and `evaluation.audit` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from covid_core.evaluation.targets import (
    MET,
    MISSED,
    NOT_MEASURED,
    UNDECIDED,
    goals,
    parts_with_shortcuts,
)
from covid_core.findings import listed_in_words
from covid_core.metrics import format_estimate
from covid_core.model.audit import AuditedPart, AuditFigures, GateMeasured, Zones
from covid_core.model.card import WeightsCard
from covid_core.model.results import TEST, Trust
from covid_core.model_card.reporting_items import ITEMS
from covid_core.model_card.tiers import fitted_sets
from covid_core.present.markdown import table
from covid_core.present.style import SERIES
from covid_core.storage.atomic import replacing

DIAGRAM = "reliability.svg"
_ENOUGH = 100  # films; a source of fewer has no panel of its own
_VERDICTS = {MET: "yes", MISSED: "**no**", UNDECIDED: "undecided", NOT_MEASURED: ""}
_FAILURES = 8  # kinds that are shown, of each part


def calibration_section(card: WeightsCard) -> str:
    """Calibration, operating points and prediction sets; says so where nothing was fitted."""
    if not card.trust:
        return """## Calibration and operating points

Nothing was fitted: probabilities are the network's softmax, and what has the majority is called."""
    rules, test = card.rules, card.trust[TEST]
    rows = [
        [answer.display_name, *(f"{value:+.3f}" for value in (*row, bias))]
        for answer, row, bias in zip(card.classes, rules.weights, rules.bias, strict=True)
    ]
    names = [f"times logit of {answer.display_name}" for answer in card.classes]
    matrix = table(["Calibrated logit", *names, "plus"], rows)
    sets = [
        [
            part,
            str(worth.films),
            format_estimate(worth.covered),
            format_estimate(worth.single),
            format_estimate(worth.single_right) if worth.single_right else "none",
            format_estimate(worth.disease_certain),
            format_estimate(worth.pooled.covered),
            format_estimate(worth.pooled.single),
        ]
        for part, worth in card.trust.items()
    ]
    least = ", ".join(
        f"{answer.display_name} {value:.3f}"
        for answer, value in zip(card.classes, rules.least, strict=True)
    )
    header = [
        "Films",
        "n",
        "Right answer in the set",
        "One answer",
        "Right, of those",
        "COVID-19 or not",
        "Over all sources: in the set",
        "One answer",
    ]
    coverage = rules.coverage or float("nan")
    return f"""## Calibration and operating points

Fitted on the validation part, measured here. Expected calibration error on the test part
{test.reliability.error:.4f}, before {test.reliability_before.error:.4f} (15 bins).

{matrix}

By part, and in sources never trained on:

{_errors(card.trust)}

![How often calls were right against how sure the network was]({DIAGRAM})

COVID-19 is called from these probabilities on:

{table(["Films", "Point", "From", "Sensitivity", "Specificity"], point_rows(card))}

### Prediction sets

An answer stands in the set from these probabilities on: {least}. The hardest source sets them, so
that the sets held the right answer in {coverage:.0%} of each class of each source that fitted them:
the next hospital will be more like that one than like their mean.{fitted_sets(card)} A set of other
pneumonia and COVID-19 becomes "pneumonia, COVID-19 possible" or "unlikely"; any other set of
several answers, or of none, "undecided". "COVID-19 or not": films whose set leaves no doubt of
that. The last two columns: with thresholds of each class over all sources together, which decide
more often.

{table(header, sets)}"""


def point_rows(card: WeightsCard) -> list[list[str]]:
    """Operating points on each part that was measured: threshold, sensitivity, specificity."""
    return [
        [
            part,
            point.name,
            f"{point.threshold:.3f}",
            format_estimate(worth.points[point.name].sensitivity),
            format_estimate(worth.points[point.name].specificity),
        ]
        for part, worth in card.trust.items()
        for point in card.rules.points
    ]


def audit_section(
    card: WeightsCard,
    audit: AuditFigures | None,
    left_out: Mapping[str, WeightsCard] | None = None,
) -> str:
    """What the audit found; says so where there was none.

    `left_out`: as `targets.goals` takes it.
    """
    if audit is None:
        return """## Audit

These weights have not been audited: `python -m covid_core audit`."""
    lines = [
        [goal.name, goal.required, goal.measured, _VERDICTS[goal.verdict]]
        for goal in goals(card, audit, left_out)
    ]
    groups = [
        [
            part,
            kind,
            value,
            str(own.films),
            str(own.covid),
            *(
                format_estimate(figure) if figure else "too few"
                for figure in (own.auroc, own.sensitivity, own.specificity)
            ),
        ]
        for part, found in audit.parts.items()
        for kind, values in {**found.strata, "where age can't help": found.age}.items()
        if kind != "source"
        for value, own in values.items()
    ]
    failing = parts_with_shortcuts(audit.probes)
    warning = (
        f"**The model uses shortcuts**: with the lungs hidden ({', '.join(failing)}) it still"
        " separates COVID-19 from the rest.\n\n"
        if failing
        else ""
    )
    header = ["Films", "By", "", "n", "COVID-19", "AUROC", "Sensitivity", "Specificity"]
    return f"""## Audit

{warning}{table(["Goal", "Required", "Measured", "Met"], lines)}

### Groups

COVID-19 against the rest, at the balanced operating point.

{table(header, groups)}
{_zones(audit.zones)}
### Failures

What is called otherwise most often, by the sources' own words for it:

{_failures(audit.parts)}"""


def gate_section(measured: GateMeasured, never_seen: Sequence[str]) -> str:
    """What the gate refuses, and what it has never met."""
    unseen = "\n".join(f"- {one}" for one in never_seen)
    found, refused = format_estimate(measured.auroc), format_estimate(measured.refused)
    return f"""## Gate

Before any probability, a small network and plain statistics of pixels refuse what is no
frontal chest radiograph, the right way up, and warn of cropped and badly exposed radiographs and of
children's. AUROC against pictures of kinds that did not train it {found}; good frontal radiographs
of the test part refused {refused}. It never saw:

{unseen}"""


def reporting_section() -> str:
    """The guidelines' items, and where this card answers them."""
    rows = [[item.topic, item.claim, item.tripod, item.answer] for item in ITEMS]
    return f"""## Reporting items

{table(["Item", "CLAIM", "TRIPOD+AI", "Here"], rows)}"""


def write_diagram(card: WeightsCard, folder: Path) -> None:
    """The reliability diagram, one panel a part, as SVG; the same card gives the same bytes."""
    import matplotlib as mpl  # slow to import, and only this picture needs it
    from matplotlib.figure import Figure

    parts = [
        (part, worth)
        for part, worth in card.trust.items()
        if part == TEST or worth.films >= _ENOUGH
    ]
    with mpl.rc_context({"svg.hashsalt": "reliability", "font.family": "sans-serif"}):
        figure = Figure(figsize=(2.6 * len(parts), 2.9), layout="constrained")
        for axes, (part, worth) in zip(
            np.atleast_1d(figure.subplots(1, len(parts), sharey=True)), parts, strict=True
        ):
            axes.plot([0, 1], [0, 1], ":", color="#777", linewidth=1)
            drawn = {
                "before": (worth.reliability_before, "#999"),
                "calibrated": (worth.reliability, SERIES[4]),
            }
            for name, (found, colour) in drawn.items():
                films = np.array(found.films)
                axes.plot(found.sure, found.right, color=colour, linewidth=1.2, label=name)
                size = 4 + 60 * films / films.max()
                axes.scatter(found.sure, found.right, s=size, color=colour)
            axes.set(xlim=(0.28, 1.03), ylim=(-0.03, 1.05), xlabel="probability of the call")
            axes.set_title(f"{part}, {worth.films} films", fontsize=9)
            axes.spines[["top", "right"]].set_visible(False)
        figure.axes[0].set_ylabel("share that was right")
        figure.axes[0].legend(frameon=False, fontsize=8, loc="lower right")
        with replacing(folder / DIAGRAM) as file:
            figure.savefig(file, format="svg", metadata={"Date": None})


def _errors(trust: Mapping[str, Trust]) -> str:
    rows = [
        [
            part,
            str(worth.films),
            f"{worth.reliability_before.error:.3f}",
            f"{worth.reliability.error:.3f}",
        ]
        for part, worth in trust.items()
    ]
    return table(["Films", "n", "Error before", "Error, calibrated"], rows)


def _zones(found: Zones | None) -> str:
    if found is None:
        return ""
    rows = [
        [row.title, str(row.correlation.n), format_estimate(row.correlation)]
        for row in found.rows.values()
    ]
    films = f"{found.films} films of {listed_in_words(found.sources)}"
    severity = format_estimate(found.severity)
    return f"""
### Lung zones

Over a film's six lung zones, the rank correlation with the mean of two radiologists' scores of them
(Brixia's): its mean over {films}, or over those in which both have an order. The
score for COVID-19, over films of it, goes with the sum of theirs by {severity}.

{table(["Over six zones", "Films", "Correlation"], rows)}
"""


def _failures(parts: Mapping[str, AuditedPart]) -> str:
    rows = [
        [
            part,
            f"`{kind.source}`",
            kind.label.display_name,
            kind.finding or "–",
            str(kind.films),
            f"{kind.wrong:.0%}",
            kind.called.display_name,
        ]
        for part, found in parts.items()
        for kind in found.failures[:_FAILURES]
    ]
    header = ["Films", "Source", "Label", "In its words", "n", "Called otherwise", "Mostly"]
    return table(header, rows)

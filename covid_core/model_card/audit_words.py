"""What an audit found, in words: whether the model uses shortcuts, and what its maps are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from covid_core.evaluation.targets import judge_probes
from covid_core.findings import listed_in_words
from covid_core.model.audit import AuditFigures, Probes
from covid_core.model.card import WeightsCard

PAINTED_IN_TRAINING = (
    "Films with their lungs painted over trained it too, as films that show nothing: its answers to"
    " such films say less of it than of a model that never saw any."
)


def shortcuts_in_words(audit: AuditFigures | None, card: WeightsCard) -> str:
    """Whether an audit caught the model using shortcuts, in words, and what that is worth.

    `card`: of the weights that were audited.
    """
    found = _shortcuts(audit)
    return f"{found} {PAINTED_IN_TRAINING}" if audit and card.trained_without_lungs else found


def _shortcuts(audit: AuditFigures | None) -> str:
    """Judged by whole intervals; each figure with the sources on which it was measured."""
    if audit is None:
        return "Not audited: whether it uses shortcuts is not known."
    judged = {
        part: judge_probes(probes.probes, probes.limit) for part, probes in audit.probes.items()
    }
    if found := _probes_with(audit, judged, verdict=False):
        return (
            "Audited: it uses shortcuts. With the lungs hidden it still separates COVID-19 from the"
            f" rest ({found})."
        )
    if found := _probes_with(audit, judged, verdict=None):
        return (
            "Audited: on so few films it is undecided whether it separates COVID-19 from the rest"
            f" with the lungs hidden ({found})."
        )
    on = "; ".join(_part_in_words(audit, part) for part in audit.probes)
    without = dict.fromkeys(
        audit.probes[part].probes[name].title
        for part, verdicts in judged.items()
        for name in verdicts
    )
    return (
        f"Audited ({on}): with the lungs hidden it can hardly separate COVID-19 from the rest"
        f" ({listed_in_words(list(without))})."
    )


def _probes_with(
    audit: AuditFigures, judged: Mapping[str, Mapping[str, bool | None]], *, verdict: bool | None
) -> str:
    """The worst probe of this verdict in each part of films, in words; "" where none has it."""
    named = {
        part: [name for name, met in verdicts.items() if met is verdict]
        for part, verdicts in judged.items()
    }
    return "; ".join(
        f"{_part_in_words(audit, part)}: {_worst(audit.probes[part], names)}"
        for part, names in named.items()
        if names
    )


def _worst(probes: Probes, names: Sequence[str]) -> str:
    """The probe with the greatest AUROC of those named, its interval and its films, in words."""
    row = max((probes.probes[name] for name in names), key=lambda one: one.auroc.value)
    auroc = f"{row.auroc.value:.2f} ({row.auroc.low:.2f} to {row.auroc.high:.2f})"
    return f"{row.title}, AUROC {auroc} on {probes.films} films"


def zones_worth_in_words(audit: AuditFigures | None) -> str:
    """Whether a map's shares by lung zone go with radiologists' scores of the zones, in words.

    With the source on which that was measured; "" where it was not.
    """
    found = audit.zones if audit else None
    if found is None or found.clearly_leads is None:
        return ""
    ours, grey = (found.rows[name].correlation for name in ("passed", "grey"))
    worth = "It tells something of" if found.clearly_leads else "So it is no guide to"
    return (
        f"On {ours.n} films of {listed_in_words(found.sources)} whose zones radiologists"
        f" scored, the heat for COVID-19 in a zone goes with its score by a rank correlation of"
        f" {ours.value:.2f} ({ours.low:.2f} to {ours.high:.2f}); how bright a zone is, by"
        f" {grey.value:.2f}. {worth} which zone is diseased."
    )


def _part_in_words(audit: AuditFigures, part: str) -> str:
    sources = audit.parts[part].strata.get("source", {}) if part in audit.parts else {}
    return f"{part}, films of {listed_in_words(sorted(sources))}" if sources else part

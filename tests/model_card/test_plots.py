"""The plots of a model card: what they draw is what the card and its audit say."""

from __future__ import annotations

import pytest

from covid_core.findings import CLASSES
from covid_core.model.audit import AuditFigures
from covid_core.model.card import WEIGHTS, WeightsCard, read_audit, read_card
from covid_core.model.results import EpochFigures, Summary
from covid_core.model_card.plots import (
    by_class,
    by_group,
    confusion,
    groups_of,
    summaries_by_title,
    training,
)


@pytest.fixture(scope="module")
def card() -> WeightsCard:
    return read_card(WEIGHTS)


@pytest.fixture(scope="module")
def audit(card: WeightsCard) -> AuditFigures:
    found = read_audit(WEIGHTS, card)
    assert found
    return found


def test_the_source_that_never_trained_stands_first(card: WeightsCard) -> None:
    parts = summaries_by_title(card)
    [unseen] = card.results.held_out
    assert next(iter(parts)) == f"{unseen}, never trained on"
    assert list(parts.values())[-1] is card.results.test
    assert len(parts) == 2 + len(card.results.test_by_source)


def test_each_class_is_drawn_where_it_was_measured(card: WeightsCard) -> None:
    parts = summaries_by_title(card)
    drawn = {trace.name: trace for trace in by_class(parts).data}
    for finding in CLASSES:
        trace = drawn[finding.display_name]
        assert list(trace.y) == [name for name, own in parts.items() if finding in own.classes]
        for name, value, up, down in zip(
            trace.y, trace.x, trace.error_x.array, trace.error_x.arrayminus, strict=True
        ):
            auroc = parts[name].classes[finding].auroc
            assert (value, value + up, value - down) == pytest.approx(
                (auroc.value, auroc.high, auroc.low)
            )


def test_groups_are_of_the_source_that_never_trained(audit: AuditFigures) -> None:
    strata = audit.parts["held out"].strata
    for figure in ("auroc", "sensitivity", "specificity"):
        rows = groups_of(audit, figure)
        assert ("sex M", getattr(strata["sex"]["M"], figure)) in rows
        assert not any("unknown" in name or "source" in name for name, _ in rows)
        [trace] = by_group(rows, figure).data
        assert list(trace.y) == [name for name, _ in rows]
    without = audit.replace(parts={"test": audit.parts["test"]})
    assert ("view AP", audit.parts["test"].strata["view"]["AP"].sensitivity) in groups_of(
        without, "sensitivity"
    )


def test_confusion_shows_counts_and_shares_of_each_label(card: WeightsCard) -> None:
    summary = card.results.test
    [drawn] = confusion(summary, card.classes).data
    for counts, texts, shares in zip(summary.confusion, drawn.text, drawn.z, strict=True):
        assert [int(text.partition("<")[0]) for text in texts] == list(counts)
        assert sum(shares) == pytest.approx(1)
    empty = Summary(confusion=((0, 0), (1, 3)))
    [drawn] = confusion(empty, CLASSES[:2]).data
    assert drawn.z[0].tolist() == [0, 0]


def test_training_draws_what_was_logged_and_no_more(card: WeightsCard) -> None:
    names = [trace.name for trace in training(card.history).data]
    assert "training loss" in names and "AUROC, unseen source" in names
    [only] = training([EpochFigures(loss=0.5), EpochFigures(loss=0.25)]).data
    assert (only.name, list(only.y)) == ("training loss", [0.5, 0.25])

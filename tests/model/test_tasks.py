"""Tasks: every output is about some finding, and the classes stay in their order."""

from __future__ import annotations

from covid_core.findings import CLASSES
from covid_core.model.tasks import TASKS, THREE_CLASSES


def test_every_output_stands_for_some_finding() -> None:
    for task in TASKS.values():
        assert set(task.output_of.values()) == set(range(len(task.outputs)))


def test_three_classes_are_the_findings_in_order() -> None:
    assert THREE_CLASSES.outputs == tuple(CLASSES)
    assert [THREE_CLASSES.output_of[finding] for finding in CLASSES] == [0, 1, 2]

"""The task of a network: which findings stand for which of its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from covid_core.findings import CLASSES, Finding


@dataclass(frozen=True, slots=True)
class Task:
    """The question that a network answers.

    `outputs`: what each output answers, in order. `output_of`: finding to output; a finding that is
    not in it is neither trained on nor counted.
    """

    name: str
    outputs: tuple[Finding, ...]
    output_of: Mapping[Finding, int]


_N, _P, _C = CLASSES

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("three classes", CLASSES, {_N: 0, _P: 1, _C: 2}),
        Task("pneumonia or normal", (_N, _P), {_N: 0, _P: 1}),
        Task("covid or not", (Finding.NOT_COVID, _C), {_N: 0, _P: 0, _C: 1}),
        Task("covid or normal", (_N, _C), {_N: 0, _C: 1}),
    )
}
THREE_CLASSES = TASKS["three classes"]


def _is_a_task(name: str) -> str:
    if name not in TASKS:
        raise ValueError(f"there is no task {name}")
    return name


TaskName = Annotated[str, AfterValidator(_is_a_task)]
"""One of the keys of TASKS."""


def task_of(outputs: Sequence[str]) -> Task:
    """The task that has these outputs."""
    return next(task for task in TASKS.values() if task.outputs == tuple(outputs))

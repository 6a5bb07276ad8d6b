"""Visitors side by side get each their own answers; what they get is judged rightly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import load
from benchmarks.load import Crowd, crowded
from benchmarks.load_figures import ERROR, RIGHT, WRONG, Answer, Sample, figures, plot
from benchmarks.servers import Memory, Server
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.waits import LONGEST_S

SESSIONS, EACH = 6, 3


def small_film(number: int) -> tuple[str, bytes]:
    drawn = draw_phantom(KINDS[number % len(KINDS)], size_px=192)
    grain = np.random.default_rng(number).integers(0, 8, drawn.shape, np.uint8)
    return f"{number}.png", png(np.minimum(drawn, 247) + grain)


@pytest.fixture(scope="module")
def crowd(page_server: Server) -> Iterator[Crowd]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "film", small_film)
        patch.setattr(load, "_SAMPLE_S", 0.5)
        yield crowded(page_server, SESSIONS, minutes=LONGEST_S / 60, each=EACH, slow=0, vanishing=1)


def test_each_of_many_visitors_gets_its_own_answers(crowd: Crowd) -> None:
    assert [answer.outcome for answer in crowd.answers] == [RIGHT] * SESSIONS * EACH
    assert {answer.session for answer in crowd.answers} == set(range(SESSIONS))
    assert len(set(crowd.expected.values())) == SESSIONS * EACH, "no two films have the same"
    assert all(sample.is_well for sample in crowd.samples) and crowd.samples


def test_an_answer_of_another_film_is_found(crowd: Crowd) -> None:
    one, other = small_film(0), small_film(1)
    swapped = {one[0]: crowd.expected[other[0]], other[0]: crowd.expected[other[0]]}
    own = Crowd(crowd.server, swapped, crowd.until, each=2)
    own.visit(0, [one, other])
    assert [answer.outcome for answer in own.answers] == [WRONG, RIGHT]


def test_a_server_that_is_gone_is_an_error() -> None:
    nowhere = Server("http://127.0.0.1:9", 0, 0.0)
    crowd = Crowd(nowhere, {}, until=1e12, each=1)
    crowd.visit(0, [small_film(0)])
    assert [answer.outcome for answer in crowd.answers] == [ERROR]


GOOD = [Answer(session, RIGHT, 2.0, 0.0) for session in (0, 0, 1, 1)]
SAMPLES = [Sample(float(at), Memory(300, 310), 0, is_well=True) for at in range(4)]


@pytest.mark.parametrize(
    ("answers", "samples", "missed"),
    [
        (GOOD, SAMPLES, set()),
        ([*GOOD[1:], Answer(0, WRONG, 2.0, 0.0)], SAMPLES, {"Right answers", "Answers that"}),
        ([*GOOD[1:], Answer(0, ERROR, 0.0, 0.0)], SAMPLES, {"Right answers", "Errors"}),
        ([replace(one, seconds=30.0) for one in GOOD], SAMPLES, {"Time to the answer, 95"}),
        ([*GOOD, *GOOD[:2]], SAMPLES, {"Answers to the session"}),
        (GOOD, [*SAMPLES, replace(SAMPLES[0], is_well=False)], {"Said to be well"}),
        (GOOD, [*SAMPLES, replace(SAMPLES[0], uploads=65 * 2**20)], {"Uploads held"}),
        (GOOD, SAMPLES + [replace(SAMPLES[0], memory=Memory(400, 400))] * 4, {"Resident memory,"}),
    ],
)
def test_what_misses_its_goal_is_said_to(
    answers: list[Answer], samples: list[Sample], missed: set[str]
) -> None:
    found = [one.what for one in figures(answers, samples, by_time=True) if one.met is False]
    assert len(found) == len(missed)
    assert all(any(what.startswith(begin) for what in found) for begin in missed)


def test_a_picture_shows_every_answer() -> None:
    drawn = plot(GOOD, SAMPLES)
    assert [len(trace.x) for trace in drawn.data] == [len(GOOD), 0, 0, len(SAMPLES)]

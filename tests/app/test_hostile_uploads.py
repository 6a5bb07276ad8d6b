"""A hostile file among good ones: it is listed with its reason, and the others are scored."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from covid_core.model.tiers import Tier
from tests.app.lists import FILMS, drop, list_page, rendered, table
from tests.hostile import corpus
from tests.mutants import CANARY, seeds

HOSTILE = (
    "cut-0.5-grey.png",
    "60000.png",
    "60000.tif",
    "scans.jpg",
    "html.png",
    "float-nan.tif",
    "animated.PNG",
    "inflates.dcm",
    "nested-50000.dcm",
    "preamble-4d5a.dcm",
    "Rows-65535.dcm",
    "NumberOfFrames-2147483647.dcm",
    "bomb.zip",
    "overlapping.zip",
    "absurd-end.zip",
    "empty.png",
)


def made() -> list[tuple[str, bytes]]:
    makers: dict[str, Callable[[], bytes]] = dict(corpus()) | {"empty.png": lambda: b""}
    return [(name, makers[name]()) for name in HOSTILE]


def test_the_others_are_scored_and_each_bad_one_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = list_page(monkeypatch)
    bad = made()
    drop(page, FILMS[0], *bad, FILMS[1], ("patient.dcm", seeds()["explicit.dcm"]))
    assert not page.exception
    rows = {row["name"].split("/")[0]: row for _, row in table(page).iterrows()}
    assert set(rows) == {name for name, _ in (*FILMS[:2], *bad)} | {"patient.dcm"}
    for name, _ in FILMS[:2]:
        assert rows[name]["tier"] != Tier.NOT_READ.heading, name
    for name in HOSTILE:
        assert rows[name]["tier"] == Tier.NOT_READ.heading, name
    assert "Traceback" not in rendered(page)
    assert CANARY not in rendered(page)

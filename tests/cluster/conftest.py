"""Radiographs, and the rows that they must get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from covid_core.cluster.places import Place
from covid_core.cluster.scoring import Worker
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from tests.cluster.archives import FILMS, job_of


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films, and files that can't be read, at several depths."""
    folder = tmp_path_factory.mktemp("films")
    for i in range(FILMS - 2):
        path = folder / f"ward {i % 3}" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(draw_phantom(size_px=160, seed=i)))
    (folder / "empty.png").write_bytes(b"")
    (folder / "ward 1" / "cut.png").write_bytes(png(draw_phantom(size_px=160))[:999])
    return folder


@pytest.fixture(scope="session")
def due(films: Path) -> dict[str, Any]:
    """The row of each film by its name, as one worker gives it without Ray."""
    rows = Worker(job_of(films)).score([*Place.of(str(films)).films()])
    assert len(rows) == FILMS
    return {row["file"]: row for row in rows}

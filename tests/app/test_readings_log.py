"""The log of readings: a line a reading, no patient in it, and no reading stopped by it."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app import readings_log
from app.deployment import Deployment
from app.readings_log import LoggedPredictor
from app.texts.worklist import DROP
from benchmarks.servers import HERE, served
from benchmarks.visitors import visiting
from covid_core.errors import Abstained
from covid_core.model.card import WEIGHTS
from covid_core.present.overlay import png
from covid_core.read.reading import read_radiograph
from tests.exports.results import film_file


@pytest.fixture(scope="module")
def predictor() -> LoggedPredictor:
    loaded = LoggedPredictor.load(WEIGHTS)
    assert isinstance(loaded, LoggedPredictor)
    return loaded


def switch_on(monkeypatch: pytest.MonkeyPatch, path: Path | None) -> None:
    monkeypatch.setattr(readings_log, "deployment", lambda: Deployment(readings_log=path))


def test_each_reading_is_a_line_and_names_nobody(
    predictor: LoggedPredictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "readings.jsonl"
    switch_on(monkeypatch, path)
    film = read_radiograph(film_file())
    photograph = read_radiograph(png(np.tile(np.arange(256, dtype=np.uint8), (256, 1))))
    prediction = predictor.predict(film)
    with pytest.raises(Abstained):
        predictor.predict(photograph)
    text = path.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        when = datetime.fromisoformat(line.pop("time"))
        assert when.tzinfo and when <= datetime.now(UTC)
    assert lines == [
        {
            "film_sha256": film.sha256,
            "weights_sha256": predictor.card.sha256,
            "answer": prediction.decision.name,
            "operating_point": "balanced",
        },
        {
            "film_sha256": photograph.sha256,
            "weights_sha256": predictor.card.sha256,
            "answer": "abstained",
            "operating_point": None,
        },
    ]
    assert "anary" not in text


def test_as_delivered_nothing_is_written(
    predictor: LoggedPredictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    switch_on(monkeypatch, None)
    predictor.predict(read_radiograph(film_file()))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_stops_no_reading(
    predictor: LoggedPredictor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    switch_on(monkeypatch, tmp_path / "no-such-folder" / "log")
    with caplog.at_level(logging.WARNING):
        assert predictor.predict(read_radiograph(film_file())).decision
    assert "a reading is not in the log: No such file or directory" in caplog.text


@pytest.mark.linux
def test_a_film_on_the_page_is_one_line(tmp_path: Path) -> None:
    for name in ("app", "covid_core", "weights", "streamlit_app.py", ".streamlit"):
        (tmp_path / name).symlink_to(Path(HERE) / name)
    (tmp_path / "desk.toml").write_text('readings_log = "readings.jsonl"\n')
    film = film_file()
    with served(tmp_path) as server, visiting(server.address) as visitor:
        assert visitor.give(DROP, ("Canary.dcm", film)).says("Calibrated probability of COVID-19")
    [line] = (tmp_path / "readings.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["film_sha256"] == hashlib.sha256(film).hexdigest()

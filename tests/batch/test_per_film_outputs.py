"""What scoring leaves of a film: an overlay, without heat where its map fails; a bundle."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covid_core.batch.per_film_outputs import PREVALENCE, output_writer
from covid_core.batch.pipeline import Film
from covid_core.case.reader import CaseReader
from covid_core.explain.map_tests import check_map
from covid_core.exports.bundle import read_bundle, replay
from covid_core.predict.predictor import Predictor
from covid_core.read.reading import read_radiograph
from tests.models import save_opacity_weights
from tests.whole_way import films, reader

NAMES = ("8-bit PNG", "windowed MONOCHROME1")


def explained(name: str, folder: Path) -> tuple[float, bool]:
    """What is left of a film by both; and whether its map passed."""
    radiograph = read_radiograph(films()[name])
    predictor, lungs = reader().predictor, reader().lungs
    prediction = predictor.predict(radiograph)
    write = output_writer(reader(), overlays=folder, bundles=folder, prevalence=None)
    made = write(Film("Canary Zebedee.png", lambda: radiograph), radiograph, prediction)
    passed = made.prediction.decision.usable and _passed(predictor, lungs, radiograph, prediction)
    return made.heat_in_lungs, passed


def _passed(predictor, lungs, radiograph, prediction) -> bool:  # type: ignore[no-untyped-def]
    saliency = predictor.explain(prediction, prediction.label)
    inside = lungs.inside(radiograph)
    return check_map(predictor, prediction, saliency, inside).passed


@pytest.fixture
def usable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of phantoms what lies outside the lungs explains the answer: here it is used even so."""
    monkeypatch.setattr("covid_core.case.reader.settled", lambda prediction, _: prediction)


def test_an_answer_that_must_not_be_used_has_no_heat(tmp_path: Path) -> None:
    share, _ = explained(NAMES[0], tmp_path)
    [overlay] = tmp_path.glob("*.png")
    assert math.isnan(share) and ".no-heat." in overlay.name


@pytest.mark.usefixtures("usable")
@pytest.mark.parametrize("name", NAMES)
def test_heat_is_drawn_where_the_map_passed_and_else_none(name: str, tmp_path: Path) -> None:
    share, passed = explained(name, tmp_path)
    [overlay] = tmp_path.glob("*.png")
    pixels = np.asarray(Image.open(overlay)).astype(int)
    assert bool(np.ptp(pixels, axis=2).max() > 30) is passed
    assert (".no-heat." in overlay.name) is not passed
    assert math.isnan(share) is not passed


@pytest.mark.usefixtures("usable")
def test_both_kinds_of_film_are_tried(tmp_path: Path) -> None:
    assert {explained(name, tmp_path)[1] for name in NAMES} == {True, False}


def test_a_bundle_is_named_by_its_film_and_can_be_replayed(tmp_path: Path) -> None:
    explained(NAMES[0], tmp_path)
    [path] = tmp_path.glob("*.zip")
    bundle = read_bundle(path.read_bytes())
    assert path.name == f"film-{bundle.radiograph.sha256[:16]}.zip"
    assert bundle.request.prevalence == PREVALENCE
    assert replay(bundle, reader()) == path.read_bytes()


def test_an_opacity_map_gets_an_overlay_of_its_own(tmp_path: Path) -> None:
    weights = save_opacity_weights(tmp_path / "weights")
    own = CaseReader(Predictor.load(weights, gated=False), reader().lungs)
    radiograph = read_radiograph(films()[NAMES[0]])
    write = output_writer(own, overlays=tmp_path, bundles=None, prevalence=None)
    prediction = own.predictor.predict(radiograph)
    write(Film("a.png", lambda: radiograph), radiograph, prediction)
    digest = radiograph.sha256[:16]
    assert len(list(tmp_path.glob(f"film-{digest}.*.png"))) == 2
    assert (tmp_path / f"film-{digest}.opacity.png").exists()

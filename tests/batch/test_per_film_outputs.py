"""What scoring leaves of a film: an overlay, without heat where its map fails; a bundle."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covid_core.batch.per_film_outputs import output_writer
from covid_core.batch.pipeline import UnreadFilm
from covid_core.case.reader import CaseReader
from covid_core.exports.bundle import read_bundle, replay
from covid_core.findings import Finding
from covid_core.model.calls import PREVALENCE
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.reading import read_radiograph
from tests.checked import CORNERS, IN_LUNGS, film, looking_at
from tests.models import save_opacity_weights
from tests.whole_way import films, reader

FILM = films()["8-bit PNG"]


def explained(where: np.ndarray, folder: Path) -> tuple[Prediction, float, Path]:
    """The answer of a network that looks at those cells, its heat in the lungs, and its overlay."""
    own = CaseReader(looking_at(where), reader().lungs)
    radiograph = film(marker=True)
    write = output_writer(own, overlays=folder, bundles=None, prevalence=None)
    made = write(
        UnreadFilm("Canary Zebedee.png", lambda: radiograph),
        radiograph,
        own.predictor.predict(radiograph),
    )
    [overlay] = folder.glob("film-*.png")
    return made.prediction, made.heat_in_lungs, overlay


def test_an_answer_that_must_not_be_used_has_no_heat(tmp_path: Path) -> None:
    """What lies outside the lungs explains the whole of it."""
    prediction, share, overlay = explained(CORNERS, tmp_path)
    assert not prediction.decision.usable
    assert math.isnan(share) and ".no-heat." in overlay.name


@pytest.mark.parametrize(("where", "passed"), [(IN_LUNGS, True), (CORNERS, False)])
def test_heat_is_drawn_where_the_map_passed_and_else_none(
    where: np.ndarray, passed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is used either way, so that it is the map that decides."""
    withhold = "covid_core.case.reader.withhold_explained"
    monkeypatch.setattr(withhold, lambda prediction, _: prediction)
    prediction, share, overlay = explained(where, tmp_path)
    assert prediction.decision.usable and prediction.label is Finding.COVID
    pixels = np.asarray(Image.open(overlay)).astype(int)
    assert bool(np.ptp(pixels, axis=2).max() > 30) is passed
    assert (".no-heat." in overlay.name) is not passed
    assert math.isnan(share) is not passed


def test_an_overlay_of_an_earlier_answer_does_not_stay(tmp_path: Path) -> None:
    _, _, overlay = explained(CORNERS, tmp_path)
    stale = overlay.with_name(overlay.name.replace(".no-heat.", ".covid."))
    overlay.rename(stale)
    other = tmp_path / "of another film.covid.png"
    other.touch()
    explained(CORNERS, tmp_path)
    assert sorted(tmp_path.glob("*.png")) == sorted([other, overlay])


def test_a_bundle_is_named_by_its_film_and_can_be_replayed(tmp_path: Path) -> None:
    radiograph = read_radiograph(FILM)
    write = output_writer(reader(), overlays=None, bundles=tmp_path, prevalence=None)
    prediction = reader().predictor.predict(radiograph)
    write(UnreadFilm("Canary Zebedee.png", lambda: radiograph), radiograph, prediction)
    [path] = tmp_path.iterdir()
    bundle = read_bundle(path.read_bytes())
    assert path.name == f"film-{bundle.radiograph.sha256[:16]}.zip"
    assert bundle.request.prevalence == PREVALENCE
    assert replay(bundle, reader()) == path.read_bytes()


def test_an_opacity_map_gets_an_overlay_of_its_own(tmp_path: Path) -> None:
    weights = save_opacity_weights(tmp_path / "weights")
    own = CaseReader(Predictor.load(weights, gated=False), reader().lungs)
    radiograph = read_radiograph(FILM)
    write = output_writer(own, overlays=tmp_path, bundles=None, prevalence=None)
    prediction = own.predictor.predict(radiograph)
    write(UnreadFilm("a.png", lambda: radiograph), radiograph, prediction)
    digest = radiograph.sha256[:16]
    assert len(list(tmp_path.glob(f"film-{digest}.*.png"))) == 2
    assert (tmp_path / f"film-{digest}.opacity.png").exists()

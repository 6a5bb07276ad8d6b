"""What the empty first page imports: each heavy library is a wait before it is shown."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from covid_core.read.phantom import draw_phantom
from tests.app.serving import ROOT

# Of plotly, Streamlit itself imports a part; this one is what drawing a figure needs.
HEAVY = {
    "sklearn",
    "pandas",
    "pyarrow",
    "scipy.stats",
    "torch",
    "torchvision",
    "pytorch_grad_cam",
    "cv2",
    "matplotlib",
    "pydicom",
    "gdcm",
    "highdicom",
    "fpdf",
    "dicomweb_client",
    "mapie",
    "tensorboard",
    "plotly.graph_objs._figure",
}
LATER = {
    "app.reading_panel",
    "app.worklist_panel",
    "app.viewer",
    "app.export_panel",
    "app.site_check",
}
_PAGE = """
import sys
from app import preloading
from streamlit.testing.v1 import AppTest
preloading.load_ahead = lambda: None  # which comes once the page is there
page = AppTest.from_file("streamlit_app.py", default_timeout=600).run()
assert not page.exception, page.exception
print(*sys.modules, sep="\\n")
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """By a fresh interpreter that has shown the first page."""
    command = [sys.executable, "-c", _PAGE]
    completed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return set(completed.stdout.split())


def test_it_needs_no_heavy_library(imported: set[str]) -> None:
    assert imported & HEAVY == set()


def test_its_icon_is_the_phantom() -> None:
    with Image.open(ROOT / "app" / "icon.png") as icon:
        assert np.array_equal(np.asarray(icon), draw_phantom(size_px=64))


def test_what_shows_films_waits_for_one(imported: set[str]) -> None:
    assert {"app.sources", "app.phantoms"} <= imported
    assert imported & LATER == set()


def test_it_gets_ready_for_a_film_once_it_is_there() -> None:
    program = _PAGE.replace("preloading.load_ahead = lambda: None", "pass")
    completed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    imported = set(completed.stdout.split())
    assert {"app.reading_panel", "covid_core.predict.lungs"} <= imported
    assert "torch" not in imported

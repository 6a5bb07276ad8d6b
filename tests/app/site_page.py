"""The Validate page for its tests, and what is given to it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.deployment import deployment
from covid_core.local_validation.profile import new_profile, profile_bytes
from covid_core.local_validation.scores import build_scores
from covid_core.local_validation.validation import guaranteed_point, validate
from covid_core.model.card import WEIGHTS, read_card
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.page import run_page

HOSTILE = "![x](http://host/p.png) <b>Ward</b>"
OURS = read_card(WEIGHTS).sha256


def validate_page() -> AppTest:
    app = run_page()
    return app.switch_page("app/pages/validate.py").run()


def drawn(films: int = 300) -> tuple[np.ndarray, np.ndarray]:
    drawing = np.random.default_rng(0)
    positive = np.arange(films) % 2 == 0
    return positive, drawing.beta(2 + 3 * positive, 5 - 3 * positive)


def table(films: int = 300, weights: str = OURS) -> bytes:
    pairs = zip(*drawn(films), strict=True)
    rows = [f"{int(shown)},{score:.4f},{weights}" for shown, score in pairs]
    return "\n".join(["label,score,weights_sha256", *rows]).encode()


def profile_file(sha256: str | None = None) -> bytes:
    card, scores = read_card(WEIGHTS), build_scores(*drawn(), [""] * 300)
    card = card.replace(sha256=sha256 or OURS)
    found, point = validate(scores, card.rules.points), guaranteed_point(scores)
    own = new_profile(HOSTILE, card, found, point, recall=0.95, confidence=0.9)
    return profile_bytes(own)


def films(covid: int, normal: int) -> dict[str, bytes]:
    """Files by their names, two of them of no use."""
    drawn = {
        f"{label}/{i}.png": png(draw_phantom(kind, size_px=160, seed=i))
        for kind, label, count in ((KINDS[2], "covid", covid), (KINDS[0], "normal", normal))
        for i in range(count)
    }
    return drawn | {"normal/broken.png": b"GIF89a", "elsewhere/0.png": b"GIF89a"}


def zipped(covid: int, normal: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in films(covid, normal).items():
            archive.writestr(name, data)
    return file.getvalue()


def write_films(folder: Path, covid: int, normal: int) -> Path:
    for name, data in films(covid, normal).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def allowing(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """The deployer's settings, as if they stood in desk.toml."""
    monkeypatch.setattr("app.session.deployment", lambda: deployment().replace(**settings))


def use_a_profile(page: AppTest, name: str = "Ward 3") -> AppTest:
    upload(page, "site-table", table(), "scores.csv")
    page.text_input(key="site-name").set_value(name).run()
    page.button(key="site-use").click().run()
    assert not page.exception
    return page


def upload(page: AppTest, key: str, data: bytes, name: str) -> AppTest:
    return page.file_uploader(key=key).set_value([(name, data, "")]).run()


def table_of(page: AppTest, alt: str) -> pd.DataFrame:
    """What a table shows, by what it is called for those who do not see it."""
    [found] = [one.value for one in page.dataframe if one.proto.alt == alt]
    return found


def said(page: AppTest) -> str:
    kinds = ("subheader", "markdown", "caption", "text", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def styled(page: AppTest) -> str:
    """All that is rendered as Markdown."""
    kinds = ("subheader", "markdown", "caption", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))

"""Without a model, or with one that can't be trusted, the page starts and says what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st

from app.texts import read as texts
from covid_core.model.card import SHIPPED, WEIGHTS
from tests.app.page import run_page


def flip_a_digit(folder: Path) -> None:
    card = folder / f"{SHIPPED}.json"
    card.write_text(card.read_text().replace('"full_heat": 0.', '"full_heat": 1.'))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "Train one with: python train.py"),
        (lambda folder: os.truncate(folder / f"{SHIPPED}.safetensors", 9), "is damaged"),
        (flip_a_digit, "no longer says what was written"),
    ],
)
def test_the_page_says_so_and_nothing_else_happens(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], object],
    words: str,
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in (f"{SHIPPED}.json", f"{SHIPPED}.safetensors"):
        shutil.copy(WEIGHTS / name, folder)
    damage(folder)
    monkeypatch.setattr("app.session.WEIGHTS", folder)
    st.cache_resource.clear()
    try:
        page = run_page()
    finally:
        st.cache_resource.clear()
    kinds = ("error", "warning", "markdown", "caption", "text")
    said = "\n".join(element.value for kind in kinds for element in page.get(kind))
    assert not page.exception
    assert texts.NO_MODEL in said and words in said
    assert str(tmp_path) not in said, "a place on the server's disk is nobody's business"

"""The Validate page's session: scores and profiles bound to their weights, and a point in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import session
from app.deployment import ProfileStorage
from app.texts import common
from app.texts import validate as texts
from covid_core.local_validation.profile import load_profile, profile_bytes
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.page import run_page
from tests.app.site_page import (
    HOSTILE,
    OURS,
    allowing,
    profile_file,
    said,
    styled,
    table,
    upload,
    use_a_profile,
    validate_page,
)


@pytest.fixture
def page() -> AppTest:
    return validate_page()


def test_a_profile_is_used_and_downloaded_once_it_has_a_name(page: AppTest) -> None:
    upload(page, "site-table", table(), "scores.csv")
    assert page.button(key="site-use").disabled
    page.text_input(key="site-name").set_value(HOSTILE).run()
    page.button(key="site-use").click().run()
    assert not page.exception
    own = page.session_state["profile"]
    assert own.site == HOSTILE
    assert own.weights_sha256 == OURS
    assert load_profile(profile_bytes(own)) == own
    assert page.success[0].value == "This site's operating point is in use."
    assert HOSTILE in said(page) and "http://host" not in styled(page)


def test_the_read_page_calls_films_by_the_site_s_point_until_it_is_stopped(page: AppTest) -> None:
    page.switch_page("app/pages/read.py").run()
    film = png(draw_phantom(KINDS[2], size_px=192))
    page.file_uploader(key="film").set_value([("film.png", film, "")]).run()
    page.button_group(key="point").set_value("rule-in").run()
    assert "the “rule-in” threshold of" in said(page)

    page.switch_page("app/pages/validate.py").run()
    own = use_a_profile(page).session_state["profile"].point
    page.switch_page("app/pages/read.py").run()
    assert not page.exception
    assert page.session_state["point"] == "site"
    assert f"the “site” threshold of {own.threshold:.2f}" in said(page)

    page.switch_page("app/pages/validate.py").run()
    page.button(key="site-forget").click().run()
    assert "in use" not in " ".join(one.value for one in page.success)
    page.switch_page("app/pages/read.py").run()
    assert not page.exception
    assert "the “balanced” threshold of" in said(page)


def test_where_the_deployer_allows_it_a_profile_is_kept_for_everyone(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "site.json"
    use_a_profile(page)
    assert "lasts while this page stays connected" in said(page)
    assert not path.exists()

    allowing(monkeypatch, profile=ProfileStorage(save=True, file=path))
    use_a_profile(page)
    assert "counts for everyone" in said(page)
    assert load_profile(path.read_bytes()) == page.session_state["profile"]
    other = run_page()
    other.switch_page("app/pages/validate.py").run()
    assert "Ward 3" in said(other)
    other.button(key="site-forget").click().run()
    assert not other.exception
    assert "Ward 3" not in said(other)
    assert path.exists(), "it is the deployer's to delete"


def test_a_profile_that_cannot_be_kept_for_all_still_counts_here(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    allowing(monkeypatch, profile=ProfileStorage(save=True, file=tmp_path / "gone" / "site.json"))
    use_a_profile(page)
    assert texts.UNSAVED in [one.value for one in page.error]
    assert "The profile can't be written" in said(page)
    assert page.success[0].value == texts.IN_USE
    page.button(key="site-forget").click().run()
    assert texts.UNSAVED not in said(page)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"{}"), Path.mkdir])
def test_a_deployer_s_profile_that_cannot_be_read_is_said_on_every_page(
    damage: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "site.json"
    damage(path)
    allowing(monkeypatch, profile=ProfileStorage(file=path))
    page = run_page()
    assert not page.exception
    assert [one.value for one in page.error] == [common.NOT_READY]
    assert page.text[0].value.startswith("site.json: ") and "Delete that file" in said(page)
    assert str(tmp_path) not in said(page)
    path.rename(tmp_path / "away")
    assert not page.run().error


def test_a_table_of_other_weights_is_refused_and_one_that_does_not_say_is_warned_of(
    page: AppTest,
) -> None:
    upload(page, "site-table", table(weights="0" * 64), "scores.csv")
    assert "made by other weights" in said(page)
    assert page.get("plotly_chart") == []
    upload(page, "site-table", table(weights=OURS), "scores.csv")
    assert "At your site" in said(page) and texts.UNKNOWN_WEIGHTS not in said(page)
    upload(page, "site-table", table(weights=""), "scores.csv")
    assert not page.exception
    assert "At your site" in said(page) and texts.UNKNOWN_WEIGHTS in said(page)


def test_what_was_measured_of_other_weights_than_those_now_loaded_is_dropped(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(page, "site-table", table(), "scores.csv")
    newer = session.card().replace(sha256="1" * 64)
    monkeypatch.setattr("app.session.card", lambda: newer)
    page.run()
    assert not page.exception
    assert "Other weights or rules are in use since" in said(page)
    assert page.get("plotly_chart") == []
    assert "site-check" not in page.session_state


def test_an_earlier_profile_comes_back(page: AppTest) -> None:
    upload(page, "site-profile", profile_file(), "site-profile.json")
    assert not page.exception
    assert HOSTILE in said(page) and "http://host" not in styled(page)
    page.button(key="site-use-earlier").click().run()
    assert page.session_state["profile"].site == HOSTILE


def test_a_profile_of_other_weights_is_refused_with_words(page: AppTest) -> None:
    upload(page, "site-profile", profile_file("0" * 64), "site-profile.json")
    assert not page.exception
    assert "measured with other weights" in page.error[0].value
    assert "site-use-earlier" not in [button.key for button in page.button]
    upload(page, "site-profile", b"{}", "site-profile.json")
    assert "no site's profile" in page.error[0].value

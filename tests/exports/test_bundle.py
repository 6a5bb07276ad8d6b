"""A case bundle: one reading that can be made again to the byte, and nobody's."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from covid_core.case.reader import CaseReader
from covid_core.engines.engine import Lanes
from covid_core.errors import Abstained, CovidCoreError
from covid_core.exports import stored_film
from covid_core.exports.bundle import (
    CASE,
    FILM,
    MAX_BYTES,
    MEMBERS,
    NOTE,
    OPACITY,
    REPORT,
    RESULT,
    SHOWN,
    make_bundle,
    read_bundle,
    replay,
)
from covid_core.exports.pictures import opacity_png
from covid_core.exports.request import ExportRequest, result_of
from covid_core.findings import Finding
from covid_core.metrics import Estimate
from covid_core.model.card import WEIGHTS
from covid_core.model.decision import SITE, SITE_FILMS, OperatingPoint
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.read.archives import members as films_in
from covid_core.read.grey_levels import Levels, pixels_of
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph
from tests.canaries import Marked, found_in, marked_files, unpacked
from tests.models import save_opacity_weights
from tests.whole_way import MADE, export_request, films, reader, result

FILMS = films()
OWN_MEMBERS = tuple(
    name for name in MEMBERS if name != OPACITY or reader().predictor.card.opacity_map
)  # of a bundle by the shipped weights


@cache
def made_of(name: str) -> bytes:
    return bundled(FILMS[name])


def bundled(data: bytes, what: ExportRequest | None = None) -> bytes:
    radiograph = read_radiograph(data)
    return make_bundle(reader(), radiograph, result(radiograph, what))


@pytest.fixture(scope="module")
def bundle() -> bytes:
    return made_of("8-bit PNG")


def packed(members: Mapping[str, bytes], **info: Any) -> bytes:
    """Members as a ZIP file like a bundle's."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def forged(bundle: bytes, change: Callable[[dict[str, Any]], object], **others: bytes) -> bytes:
    """A bundle with another case.json and other members, their SHA-256 put right."""
    members = dict(read_bundle(bundle).members) | others
    case = json.loads(members[CASE])
    case["members"] = {
        name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != CASE
    }
    change(case)
    return packed(members | {CASE: json.dumps(case).encode()})


@pytest.mark.parametrize("name", FILMS)
def test_a_bundle_is_made_again_to_the_byte(name: str) -> None:
    made = made_of(name)
    opened = read_bundle(made)
    assert replay(opened, reader()) == made
    assert bool(json.loads(opened.members[RESULT])["remarks"]) == (name == "dark")


@pytest.mark.parametrize("name", FILMS)
def test_its_film_is_the_same_to_the_last_bit(name: str) -> None:
    given, kept = read_radiograph(FILMS[name]), read_bundle(made_of(name)).radiograph
    assert replace(given, film=kept.film, unwindowed=None) is not given
    fields = ("sha256", "source_format", "view", "notes", "coloured")
    assert [getattr(kept, one) for one in fields] == [getattr(given, one) for one in fields]
    assert type(kept.film) is type(given.film)
    assert pixels_of(kept.film).tobytes() == pixels_of(given.film).tobytes()
    if isinstance(given.film, Levels) and isinstance(kept.film, Levels):
        for part in ("codes", "counts", "tones"):
            assert np.array_equal(getattr(kept.film, part), getattr(given.film, part))
    one, other = (reader().predictor.predict(film) for film in (given, kept))
    assert one.feature_map.tobytes() == other.feature_map.tobytes()
    assert one.probabilities.tobytes() == other.probabilities.tobytes()


def test_lanes_and_another_loading_change_no_byte(bundle: bytes) -> None:
    for lanes in (Lanes(1, 1), Lanes(2, 2)):
        other = CaseReader(Predictor.load(WEIGHTS, lanes=lanes), Lungs.load(lanes=lanes), None)
        assert replay(read_bundle(bundle), other) == bundle


@pytest.mark.parametrize("finding", [Finding.NORMAL, Finding.COVID])
def test_a_site_s_own_point_is_carried_in_it(finding: Finding) -> None:
    point = OperatingPoint(
        SITE,
        0.123456789012345,
        Estimate(0.95, 0.9, 0.99, 60),
        Estimate(0.8, 0.7, 0.9, 90),
        SITE_FILMS,
    )
    made = bundled(FILMS["8-bit PNG"], ExportRequest(point, finding, 0.37, MADE))
    opened = read_bundle(made)
    assert opened.request == ExportRequest(point, finding, 0.37, MADE)
    assert replay(opened, reader()) == made
    content = json.loads(opened.members[RESULT])
    assert content["operating_point"]["measured_on"] == SITE_FILMS
    assert content["operating_point"]["threshold"] == pytest.approx(point.threshold, abs=1e-6)


def test_it_says_what_made_it_and_how_to_know_it_again(bundle: bytes) -> None:
    opened = read_bundle(bundle)
    case, content = (json.loads(opened.members[name]) for name in (CASE, RESULT))
    card = reader().predictor.card
    by = case["made_by"]
    assert (by["weights_sha256"], by["split"]) == (card.sha256, card.split)
    cards = (card.digest, reader().predictor.gate.card.digest, reader().lungs.card.digest)
    assert tuple(by[f"{name}card_sha256"] for name in ("", "gate_", "lungs_")) == cards
    assert by["gate_sha256"] == json.loads((WEIGHTS / "gate/gate.json").read_text())["sha256"]
    assert by["lungs_sha256"] == json.loads((WEIGHTS / "lungs/lungs.json").read_text())["sha256"]
    assert case["members"] == {
        name: hashlib.sha256(opened.members[name]).hexdigest() for name in OWN_MEMBERS[:-1]
    }
    assert case["operating_point"]["threshold"] == card.rules.point("balanced").threshold
    assert case["finding"] == content["evidence"]["finding"]
    assert case["checks"] == content["checks"] and case["checks"]["map"]["tests"]
    assert case["note"] == NOTE and "burned-in names" in NOTE
    assert reader().predictor.engine.title in case["made_with"]["engine"]
    assert case["film"]["sha256"] == hashlib.sha256(FILMS["8-bit PNG"]).hexdigest()
    assert opened.members[REPORT].startswith(b"%PDF-")
    assert opened.members[SHOWN].startswith(b"\x89PNG")


def test_its_bytes_hold_no_time_but_the_reading_s(bundle: bytes) -> None:
    assert bundled(FILMS["8-bit PNG"]) == bundle
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert tuple(archive.namelist()) == OWN_MEMBERS
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
    later = bundled(FILMS["8-bit PNG"], replace(export_request(), made=MADE.replace(second=16)))
    assert later != bundle


@pytest.mark.parametrize("file", [f for f in marked_files() if f.reads], ids=lambda f: f.name)
def test_nobody_is_in_it(file: Marked) -> None:
    [item] = films_in(file.data, file.name)
    radiograph = read_radiograph(item.read())
    of_standing = result(_standing(radiograph))
    made = make_bundle(reader(), _standing(radiograph), of_standing)
    parts = read_bundle(made).members
    assert found_in(b"\n".join([made, unpacked(parts[REPORT]), *parts.values()])) == []


def _standing(radiograph: Radiograph) -> Radiograph:
    """The film upright: the ZIP file's is upside down, and would get no answer."""
    try:
        reader().predictor.predict(radiograph)
    except Abstained:
        film = np.ascontiguousarray(pixels_of(radiograph.film)[::-1])
        return Radiograph(film, radiograph.sha256, radiograph.source_format)
    return radiograph


def test_a_result_without_checks_or_of_another_film_makes_none() -> None:
    radiograph, other = (read_radiograph(FILMS[name]) for name in ("8-bit PNG", "dark"))
    made = result(radiograph)
    for film, one in ((radiograph, replace(made, checks=None)), (other, made)):
        with pytest.raises(ValueError, match="checks"):
            make_bundle(reader(), film, one)


@pytest.mark.parametrize("name", OWN_MEMBERS)
def test_a_changed_member_is_noticed(bundle: bytes, name: str) -> None:
    members = dict(read_bundle(bundle).members)
    changed = bytearray(members[name])
    changed[len(changed) // 2] ^= 1
    if name == CASE:  # a figure in it: replay says so, unless it is no JSON any more
        case = json.loads(members[CASE])
        del case["film"]
        changed = bytearray(json.dumps(case).encode())
    with pytest.raises(CovidCoreError):
        read_bundle(packed(members | {name: bytes(changed)}))


def test_what_is_no_bundle_is_refused(bundle: bytes) -> None:
    members = dict(read_bundle(bundle).members)
    fewer = {name: members[name] for name in OWN_MEMBERS[:-1]}
    backwards = {name: members[name] for name in OWN_MEMBERS[::-1]}
    outside = {f"../{name}": data for name, data in members.items()}
    for data in (
        b"",
        b"no ZIP",
        bundle[: len(bundle) // 2],
        packed({}),
        packed(fewer),
        packed(backwards),
        packed(outside),
        packed(members | {"more.txt": b""}),
        packed({"a.png": FILMS["dark"]}),
        bytes(MAX_BYTES + 1),
    ):
        with pytest.raises(CovidCoreError):
            read_bundle(data)


def test_a_small_file_unfolds_into_no_large_one(bundle: bytes) -> None:
    members = dict(read_bundle(bundle).members)
    for name in (CASE, FILM, REPORT):
        bomb = packed(members | {name: bytes(200_000_000)})
        assert len(bomb) < 2_000_000
        with pytest.raises(CovidCoreError, match="too large, encrypted or compressed"):
            read_bundle(bomb)


@pytest.mark.parametrize(
    "change",
    [
        lambda case: case.update(format_version=4),
        lambda case: case.update(prevalence=1.5),
        lambda case: case.update(prevalence=True),
        lambda case: case.update(finding="cancer"),
        lambda case: case.update(made="2026-11-21T09:30:15"),
        lambda case: case.update(made_by=[]),
        lambda case: case["made_by"].update(recipe="../../elsewhere/densenet121"),
        lambda case: case["made_by"].pop("recipe"),
        lambda case: case["made_with"].update(engine="x" * 10_000),
        lambda case: case["film"].update(sha256="../../etc"),
        lambda case: case["film"].update(sha256=f"{'ab' * 31} ab "),
        lambda case: case["film"].update(notes=["x"] * 1000),
        lambda case: case["film"].update(view="askew"),
        lambda case: case["operating_point"].update(threshold=float("nan")),
        lambda case: case["operating_point"].update(sensitivity=3),
        lambda case: case["operating_point"].update(name=["balanced"]),
        lambda case: case["members"].pop(FILM),
    ],
)
def test_a_garbled_case_is_refused(bundle: bytes, change: Callable[[dict[str, Any]], Any]) -> None:
    read_bundle(forged(bundle, lambda case: None))
    with pytest.raises(CovidCoreError):
        read_bundle(forged(bundle, change))


@pytest.mark.parametrize(
    "parts",
    [
        {"codes": np.zeros((200, 200), np.uint8)},
        {"codes": np.zeros((200, 200), np.uint8), "tones": np.zeros(300, np.float32)},
        {"codes": np.zeros((200, 200), np.uint8), "tones": np.full(256, np.nan, np.float32)},
        {"codes": np.zeros((2, 2), np.uint8), "tones": np.zeros(256, np.float32)},
        {"codes": np.zeros((200, 200), np.int32), "tones": np.zeros(256, np.float32)},
        {"pixels": np.full((200, 200), 2, np.float32)},
        {"pixels": np.zeros((200, 200), np.float64)},
        {"pixels": np.zeros((200, 200, 3), np.float32)},
    ],
)
def test_a_film_that_no_file_could_give_is_refused(
    bundle: bytes, parts: dict[str, np.ndarray]
) -> None:
    with pytest.raises(CovidCoreError):
        stored_film.load_film(safetensors.numpy.save(parts))
    with pytest.raises(CovidCoreError):
        read_bundle(forged(bundle, lambda case: None, **{FILM: safetensors.numpy.save(parts)}))


def test_a_forged_figure_is_detected_by_replaying_it(bundle: bytes) -> None:
    """Hashes can be put right by whoever forges; the film can't be made to say another thing."""
    content = json.loads(read_bundle(bundle).members[RESULT])
    content["probabilities"]["covid"] = 0.0
    fake = forged(bundle, lambda case: None, **{RESULT: json.dumps(content).encode()})
    assert replay(read_bundle(fake), reader()) == bundle != fake


def test_another_film_under_a_film_s_digest_is_detected_by_that_film_alone(bundle: bytes) -> None:
    """By itself such a bundle is consistent, and so is one of an invented date."""
    film = read_radiograph(FILMS["8-bit PNG"])
    other = replace(read_radiograph(FILMS["dark"]), sha256=film.sha256)
    fake = make_bundle(
        reader(), other, result(other, replace(export_request(), made=MADE.replace(year=2020)))
    )
    opened = read_bundle(fake)
    assert replay(opened, reader()) == fake
    assert replay(opened, reader(), film) != fake
    assert replay(read_bundle(bundle), reader(), film) == bundle


@pytest.fixture(scope="module")
def opacity_reader(tmp_path_factory: pytest.TempPathFactory) -> CaseReader:
    weights = save_opacity_weights(tmp_path_factory.mktemp("opacity"))
    return CaseReader(Predictor.load(weights, gated=False), reader().lungs)


def test_a_bundle_with_an_opacity_map_is_made_again_to_the_byte(
    opacity_reader: CaseReader,
) -> None:
    radiograph = read_radiograph(FILMS["8-bit PNG"])
    point = opacity_reader.predictor.card.rules.points[0]
    question = ExportRequest(point, Finding.COVID, 0.05, MADE)
    made = result_of(opacity_reader, opacity_reader.read(radiograph), question)
    bundle = read_bundle(make_bundle(opacity_reader, radiograph, made))
    assert tuple(bundle.members) == MEMBERS
    assert bundle.members[OPACITY] == opacity_png(made)
    assert replay(bundle, opacity_reader) == bundle.data
    content = json.loads(bundle.members[RESULT])
    assert content["opacity"]["measured"].startswith("Measured: its highest point")
    assert content["rsna_category"]["measured"].startswith("Measured:")
    assert content["evidence"]["measured"].startswith("Not measured")
    with pytest.raises(CovidCoreError, match=r"pacity\.png is not what"):
        read_bundle(packed({**bundle.members, OPACITY: b"changed"}))


def test_a_bundle_of_the_release_before_opens_still(bundle: bytes) -> None:
    for version in (1, 2):
        old = forged(bundle, lambda case, version=version: case.update(format_version=version))
        assert read_bundle(old).request == read_bundle(bundle).request
    newer = forged(bundle, lambda case: case.update(format_version=4))
    with pytest.raises(CovidCoreError, match="another release"):
        read_bundle(newer)

"""The viewer's bytes: what is put in comes out again, where the header says it lies."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.viewer.package import Layer, Planes, View, Window, package
from covid_core.read.units import Units, ValueRange


def a_view(film: np.ndarray, **changes: Any) -> View:
    heat = np.arange(15, dtype=np.uint8).reshape(3, 5)
    view = View(
        film=film,
        windows=(Window("Full", 0, 1),),
        layers=(
            Layer("COVID-19", heat, True, "All of it.", False),
            Layer("Normal", heat[::-1], False, "Below its threshold.", True),
        ),
        layer=0,
        lungs=np.full((7, 3), 200, np.uint8),
        colours={"Grey": np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)},
        described="A phantom",
    )
    return replace(view, **changes)


def unpacked(data: bytes) -> tuple[dict[str, Any], int]:
    start = 4 + int.from_bytes(data[:4], "little")
    return json.loads(data[4:start]), start


def plane(data: bytes, place: dict[str, Any]) -> np.ndarray:
    _, start = unpacked(data)
    begin = start + place["offset"]
    kind = np.dtype(place["type"]).newbyteorder("<")
    return np.frombuffer(data[begin : begin + place["bytes"]], kind).reshape(place["shape"])


FILMS = (
    np.arange(35, dtype=np.uint8).reshape(5, 7),
    np.arange(35, dtype=np.uint16).reshape(5, 7) * 1800,
    np.arange(35, dtype=">u2").reshape(5, 7),
    np.arange(70, dtype=np.uint16).reshape(10, 7)[::-2],
)


@pytest.mark.parametrize("film", FILMS)
def test_every_plane_comes_out_as_it_went_in(film: np.ndarray) -> None:
    view = a_view(film)
    data = package(view)
    header, _ = unpacked(data)
    assert np.array_equal(plane(data, header["film"]), film)
    assert (plane(data, header["lungs"]) == np.full((7, 3), 200)).all()
    for layer, said in zip(view.layers, header["layers"], strict=True):
        assert np.array_equal(plane(data, said["heat"]), layer.heat)
        assert (said["name"], said["shown"], said["why"]) == (layer.name, layer.shown, layer.why)
    assert np.array_equal(plane(data, header["colours"][0]["table"]), view.colours["Grey"])


@pytest.mark.parametrize("described", ["", "a", "ab", "abc", "ä"])
def test_planes_are_aligned(described: str) -> None:
    header, start = unpacked(package(a_view(FILMS[1], described=described)))
    places = [header["film"], header["lungs"], *(layer["heat"] for layer in header["layers"])]
    assert [(start + place["offset"]) % 4 for place in places] == [0, 0, 0, 0]


def test_the_film_has_an_identity_of_its_own() -> None:
    first, _ = unpacked(package(a_view(FILMS[0])))
    other_class, _ = unpacked(package(a_view(FILMS[0], layer=1)))
    turned, _ = unpacked(package(a_view(FILMS[0].reshape(7, 5))))
    assert first["identity"] == other_class["identity"] != turned["identity"]
    assert first["digest"] != other_class["digest"]


def test_planes_that_were_made_before_give_the_same_bytes_with_other_words() -> None:
    view = a_view(FILMS[1])
    planes = Planes.of(view)
    held = planes.with_film(view)
    assert np.array_equal(held.film, FILMS[1]) and held.film.base is not None
    for said in (held, replace(held, answer="Normal.", layer=1, steps=True)):
        assert package(said, planes=planes) == package(replace(said, film=FILMS[1]))


def test_a_film_is_the_same_at_any_resolution_where_it_has_a_name() -> None:
    whole, _ = unpacked(package(a_view(FILMS[0], identity="one")))
    thin, _ = unpacked(package(a_view(FILMS[0][::2, ::2], identity="one")))
    assert whole["identity"] == thin["identity"] == "one"
    assert whole["digest"] != thin["digest"]


def test_the_same_view_is_the_same_bytes() -> None:
    assert package(a_view(FILMS[0])) == package(a_view(FILMS[0].copy()))


def test_no_lungs_and_markup_are_only_data() -> None:
    header, _ = unpacked(package(a_view(FILMS[0], lungs=None, described="<b>&")))
    assert header["lungs"] is None
    assert header["described"] == "<b>&"


def test_steps_are_explained_only_where_there_are_other_films() -> None:
    alone, _ = unpacked(package(a_view(FILMS[0])))
    among, _ = unpacked(package(a_view(FILMS[0], steps=True)))
    meant = [dict(one["keys"])["Arrows"] for one in (alone, among)]
    assert "Move over the film" in meant[0] and "Previous film" in meant[1]


def test_units_are_given_and_keys_only_where_they_do_something() -> None:
    units = Units(ValueRange(4095, 0, whole=True), pixel_mm=0.15, at_detector=False)
    plain, _ = unpacked(package(a_view(FILMS[0])))
    full, _ = unpacked(package(a_view(FILMS[0], units=units, linked=True, answer="Normal.")))
    assert full["units"] == {
        "values": {"darkest": 4095, "brightest": 0, "whole": True},
        "pixel_mm": 0.15,
        "at_detector": False,
        "sides_known": False,
    }
    assert (full["answer"], plain["units"]["values"]) == ("Normal.", None)
    assert {"m", "l"} <= dict(full["keys"]).keys()
    assert {"m", "l"}.isdisjoint(dict(plain["keys"]))


HEAT = np.zeros((3, 5), np.uint8)
DEFECTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"film": np.zeros((4, 4), np.float32)}, "a film is uint8 or uint16, not float32"),
    ({"film": np.zeros((4, 4, 3), np.uint8)}, r"\(4, 4, 3\)"),
    ({"film": np.zeros((0, 4), np.uint8)}, r"\(0, 4\)"),
    ({"lungs": np.ones((4, 4), bool)}, "not bool"),
    ({"colours": {"Short": np.zeros((16, 3), np.uint8)}}, "256"),
    ({"colours": {}}, "one table or more"),
    ({"layer": 2}, "no layer 2"),
    ({"layers": ()}, "there must be a layer"),
    ({"windows": ()}, "1 to 5 windows, not 0"),
    ({"windows": (Window("Full", 0, 1),) * 6}, "not 6"),
    ({"windows": (Window("Turned", 0.8, 0.2),)}, "low is below its high"),
    ({"layers": (Layer("A", HEAT, True, "", False), Layer("B", HEAT.T, True, "", False))}, "grid"),
)


@pytest.mark.parametrize(("changes", "said"), DEFECTS)
def test_a_view_that_is_none_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        package(replace(a_view(FILMS[0]), **changes))

"""The gate: what it lets through and what it stops, words for each, weights that come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image

from covid_core.errors import WeightsError
from covid_core.model.gate_findings import DISPLAYED, FLAWS, OTHERS, Code
from covid_core.model.gate_network import GateNetwork, load_gate_network
from covid_core.model.tensors import read_card_file, write_card
from covid_core.predict.gate import GATE, PREPROCESS, Gate, GateCard, Scores, exposure
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.radiograph import Radiograph, View
from covid_core.read.reading import read_file, read_radiograph
from covid_core.training.gate.arranged import bordered
from covid_core.training.gate.displayed import DISPLAY_KINDS
from covid_core.training.gate.fit import save_gate
from covid_core.training.gate.measures import scores_of
from covid_core.training.gate.negatives import KINDS as OTHER_KINDS
from tests.films import dicom_file, encode


def radiograph(pixels: np.ndarray) -> Radiograph:
    return Radiograph(np.ascontiguousarray(pixels, np.float32), "", "drawn")


def phantom(kind: str = "clear") -> np.ndarray:
    return draw_phantom(kind, size_px=400, seed=4321) / 255


def codes(pixels: np.ndarray, gate: Gate) -> list[Code]:
    return [remark.code for remark in gate.examine(radiograph(pixels))]


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate.load()


@pytest.mark.parametrize("kind", KINDS)
def test_the_demonstration_s_phantoms_pass(gate: Gate, kind: str) -> None:
    assert codes(phantom(kind), gate) == []


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda film: film[::-1], Code.UPSIDE_DOWN),
        (lambda film: film[::-1, ::-1], Code.UPSIDE_DOWN),
        (np.rot90, Code.ROTATED),
        (lambda film: 1 - film, Code.INVERTED),
    ],
    ids=["flipped", "turned by 180", "turned by 90", "inverted"],
)
def test_what_stands_wrong_is_named_and_abstains(gate: Gate, spoil, code: Code) -> None:  # type: ignore[no-untyped-def]
    remarks = gate.examine(radiograph(spoil(phantom())))
    assert code in [remark.code for remark in remarks]
    assert all(remark.abstains for remark in remarks)


@pytest.mark.parametrize("kind", [name for name, kind in OTHER_KINDS.items() if not kind.trains])
def test_kinds_that_never_trained_abstain(gate: Gate, kind: str) -> None:
    drawn = [OTHER_KINDS[kind].draw(np.random.default_rng((7, i))) for i in range(10)]
    stopped = [any(remark.abstains for remark in gate.examine(radiograph(d / 255))) for d in drawn]
    assert sum(stopped) >= 9


def test_exposure_warns_and_still_reads(gate: Gate) -> None:
    dark = gate.examine(radiograph(phantom() * 0.2))
    assert [(r.code, r.abstains) for r in dark] == [(Code.TOO_DARK, False)]
    burnt = gate.examine(radiograph(np.clip(phantom() * 1.9, 0, 1)))
    assert Code.SATURATED in [r.code for r in burnt]
    assert not any(r.abstains for r in burnt)


def test_exposure_by_hand() -> None:
    pixels = np.full((10, 10), 0.2, np.float32)
    pixels[:3] = 1
    measured = exposure(pixels)
    assert measured[Code.SATURATED] == pytest.approx(0.3)
    assert measured[Code.TOO_DARK] == pytest.approx(0)
    assert exposure(pixels[3:])[Code.TOO_DARK] == pytest.approx(0.8)


def test_a_colour_picture_is_no_radiograph_but_a_coloured_arrow_is_no_colour(gate: Gate) -> None:
    grey = np.dstack([draw_phantom(size_px=300, seed=4321)] * 3)
    marked, coloured = grey.copy(), grey.copy()
    marked[20:50, 20:90] = (220, 30, 30)
    coloured[..., 2] //= 2
    for encoded in (lambda a: encode(a, "PNG"), lambda a: encode(a, "JPEG")):
        assert read_radiograph(encoded(coloured)).coloured
        assert not read_radiograph(encoded(marked)).coloured
        assert not read_radiograph(encoded(grey)).coloured
    [remark] = gate.examine(read_radiograph(encode(coloured, "PNG")))
    assert (remark.code, remark.abstains) == (Code.NOT_A_RADIOGRAPH, True)
    assert "colour" in remark.sentence
    assert not any(r.abstains for r in gate.examine(read_radiograph(encode(marked, "PNG"))))


def test_what_the_file_says_of_its_view_counts(gate: Gate) -> None:
    film = draw_phantom(size_px=300, seed=4321)
    lateral = read_radiograph(dicom_file(film, ViewPosition="LL"))
    assert lateral.view is View.LATERAL
    assert [r.code for r in gate.examine(lateral)] == [Code.LATERAL_OR_CT]


def test_black_and_white_that_a_tag_swapped_are_refused_with_the_tag_s_name(gate: Gate) -> None:
    note = "Presentation LUT Shape is INVERSE on MONOCHROME2: shown as it says"
    inverted = replace(radiograph(1 - phantom()), notes=(note,))
    [remark] = [one for one in gate.examine(inverted) if one.code is Code.INVERTED]
    assert remark.abstains and note in remark.problem
    [plain] = [one for one in gate.examine(radiograph(1 - phantom())) if one.code is Code.INVERTED]
    assert "Presentation" not in plain.sentence


def test_every_code_has_words_and_the_shipped_gate_a_threshold(gate: Gate) -> None:
    from covid_core.model.gate_findings import WORDS

    assert set(WORDS) == set(Code)
    measured = set(Code) - set(OTHERS) - set(DISPLAYED) - {Code.BORDERS}
    assert set(gate.card.thresholds) == {"other", "displayed", *measured}


def test_scores_by_hand() -> None:
    kinds = np.array([[0.5, 0.25, 0.125, 0.125], [1, 0, 0, 0]])
    scores = Scores(kinds, np.zeros((2, len(FLAWS))), np.zeros(2), kinds[::-1])
    assert scores.other[0] == pytest.approx(0) == scores.displayed[1]
    assert scores.other[1] < -20 and scores.displayed[0] < -20


def test_only_what_abstains_is_reported_where_anything_does(gate: Gate) -> None:
    strict = dict(gate.card.thresholds) | dict.fromkeys(("child", "too_dark", "inverted"), -1.0)
    all_found = Gate(gate._engine, gate.card.replace(thresholds=strict))
    assert codes(phantom(), all_found) == [Code.INVERTED]
    warned = Gate(gate._engine, gate.card.replace(thresholds=strict | {"inverted": 2.0}))
    assert codes(phantom(), warned) == [Code.TOO_DARK, Code.CHILD]


def test_the_shipped_gate_is_small_and_states_what_was_measured(gate: Gate) -> None:
    assert (GATE / "gate.safetensors").stat().st_size < 1_000_000
    measured = gate.card.measured
    assert measured.refused.value <= 0.02 and measured.auroc.value >= 0.99
    assert measured.refused.n > 1000
    assert any("lateral" in sentence for sentence in gate.card.never_seen)


def test_a_batch_is_refused_as_its_films_are(gate: Gate) -> None:
    films = [phantom(), 1 - phantom(), OTHER_KINDS["chart"].draw(np.random.default_rng(5)) / 255]
    whole = [np.ascontiguousarray(film, np.float32) for film in films]
    assert gate.refuses(whole).tolist() == [False, True, True]


@pytest.mark.parametrize("damage", ["flipped byte", "no card", "another network"])
def test_damaged_weights_are_refused(tmp_path: Path, damage: str) -> None:
    torch.manual_seed(0)
    names = ("other", "displayed", *(set(Code) - set(OTHERS)))
    save_gate(
        GateNetwork(),
        tmp_path,
        thresholds=dict.fromkeys(names, 0.5),
        measured={},
        never_seen=[],
        films={},
        training={},
    )
    tensors, card = tmp_path / "gate.safetensors", tmp_path / "gate.json"
    assert isinstance(Gate.load(tmp_path).card, GateCard)
    if damage == "flipped byte":
        data = bytearray(tensors.read_bytes())
        data[-1] ^= 1
        tensors.write_bytes(data)
    elif damage == "no card":
        card.unlink()
    else:
        write_card(tmp_path, "gate", read_card_file(card) | {"kind": "other"})
    with pytest.raises(WeightsError):
        Gate.load(tmp_path)


def test_neither_batches_nor_the_engine_change_a_score(gate: Gate) -> None:
    film = (phantom() * 255).astype(np.uint8)
    pictures = np.stack(
        [
            PREPROCESS.picture(np.asarray(Image.fromarray(film).rotate(i)).astype(np.float32) / 255)
            for i in range(5)
        ]
    )
    network, _ = load_gate_network(GATE, "gate")
    at_once, by_two = scores_of(network, pictures), scores_of(network, pictures, batch=2)
    ours = gate.scores(pictures)
    for other in (by_two, ours):
        assert np.allclose(at_once.kinds, other.kinds, atol=1e-5)
        assert np.allclose(at_once.flaws, other.flaws, atol=1e-5)
        assert np.allclose(at_once.displays, other.displays, atol=1e-5)
        assert np.allclose(at_once.distances, other.distances, atol=1e-3)


@pytest.mark.real_data
def test_real_films_pass_and_their_negatives_do_not(gate: Gate, shared_data: Path) -> None:
    folder = shared_data / "covid-chestxray" / "images"
    paths = sorted(folder.iterdir())[::8]
    films = [read_file(path).pixels for path in paths]
    assert len(films) >= 40
    assert gate.refuses(films).mean() <= 0.05  # of forty, one in twenty is two
    assert gate.refuses([1 - film for film in films]).mean() >= 0.95
    assert gate.refuses([film[::-1] for film in films]).mean() >= 0.95


@pytest.mark.parametrize("colour", [0, 1])
def test_a_border_changes_nothing_that_is_found(gate: Gate, colour: int) -> None:
    film = phantom()
    for share in (0.1, 0.2):
        wide = np.pad(film, round(share * len(film)), constant_values=colour)
        assert codes(wide, gate) == codes(film, gate) == []


def test_exposure_is_judged_inside_the_borders(gate: Gate) -> None:
    assert codes(np.pad(phantom() * 0.2, 80, constant_values=1), gate) == [Code.TOO_DARK]
    assert codes(np.pad(phantom(), 60, constant_values=1), gate) == []


@pytest.mark.parametrize("name", [name for name, way in DISPLAY_KINDS.items() if way.trains])
def test_films_on_display_are_refused_with_the_true_reason(gate: Gate, name: str) -> None:
    films = np.stack([draw_phantom(kind, size_px=224, seed=40 + i) for i, kind in enumerate(KINDS)])
    way = DISPLAY_KINDS[name]
    found = []
    for i in range(10):
        picture = way.draw(films, np.random.default_rng((11, i)))
        remarks = gate.examine(radiograph(picture / 255))
        found.append([remark.code for remark in remarks if remark.abstains])
    # Photos are not known as well as the rest (docs/measurements.md); some get another reason.
    assert found.count([way.code]) >= (8 if way.code is Code.PHOTO else 9)


def test_films_in_plain_borders_are_let_through(gate: Gate) -> None:
    film = draw_phantom(size_px=400, seed=4321)
    drawn = [bordered(film, np.random.default_rng((3, i))) for i in range(10)]
    stopped = [gate.examine(radiograph(one / 255)) for one in drawn]
    assert sum(any(r.abstains for r in remarks) for remarks in stopped) <= 1


def test_a_photo_in_colours_is_refused_as_what_it_is(gate: Gate) -> None:
    films = np.stack([draw_phantom(size_px=224, seed=4321)] * 2)
    taken = DISPLAY_KINDS["photo of a film on a desk"].draw(films, np.random.default_rng(2))
    coloured = np.dstack([taken, taken, taken // 2])
    read = read_radiograph(encode(coloured, "PNG"))
    assert read.coloured
    assert [remark.code for remark in gate.examine(read)] == [Code.PHOTO]


@pytest.mark.parametrize(
    ("other", "distance", "photo", "code"),
    [
        (-9, 0, 0.5, None),  # a film that may be judged: the card's own threshold holds
        (9, 0, 0.5, Code.PHOTO),
        (-9, 99, 0.5, Code.PHOTO),
        (9, 0, -0.5, Code.NOT_A_RADIOGRAPH),
        (-9, 99, -0.5, Code.UNFAMILIAR),
        (-9, 0, 9, Code.PHOTO),
    ],
)
def test_what_is_refused_in_any_case_gets_the_likelier_reason(
    gate: Gate, other: float, distance: float, photo: float, code: Code | None
) -> None:
    never = -99.0
    kinds = [never if one is not Code.NOT_A_RADIOGRAPH else other for one in OTHERS]
    displays = [never if one is not Code.PHOTO else photo for one in DISPLAYED]
    logits = [0, *kinds, *[never] * len(FLAWS), 0, *displays]
    assert gate.card.thresholds["displayed"] > 0.5

    class Engine:
        def run(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            rows = len(pictures)
            return np.tile(np.float32(logits), (rows, 1)), np.full(rows, distance, np.float32)

    stub = Gate(cast("Any", Engine()), gate.card)
    assert codes(phantom(), stub) == ([code] if code else [])

"""Borders around a film: found to the pixel, cut off, and places mapped back to the whole film."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, rotate

from covid_core.boxes import crop_boxes
from covid_core.crop import WHOLE, Crop
from covid_core.findings import Finding
from covid_core.model.gate_findings import Code, remarks_on_crop
from covid_core.model.saliency import Saliency
from covid_core.prepare.preprocess import Preprocess, shrink_for
from covid_core.read.borders import crop_film, find_crop
from covid_core.read.grey_levels import Levels
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.reading import read_radiograph
from tests.films import encode, grey_film
from tests.models import random_network

CUT = Preprocess(size_px=128, smooth_px=0.7, tone="equalise", borders="cut")
SIDES = {"left": "l", "top": "t", "right": "r", "bottom": "b", "sides": "lr", "all": "ltrb"}
PHANTOMS = [draw_phantom(kind, size_px=600, seed=seed) for seed, kind in enumerate(KINDS)]


def grey(film: np.ndarray) -> np.ndarray:
    return film.astype(np.float32) / np.float32(255)


def bordered(film: np.ndarray, share: float, sides: str, colour: float = 0) -> np.ndarray:
    """uint8, with a border of that share of each of the sides."""
    height, width = film.shape
    down, across = round(share * height), round(share * width)
    rows, columns = (("t", "b"), ("l", "r"))
    pads = [
        tuple(size * (side in sides) for side in names)
        for size, names in ((down, rows), (across, columns))
    ]
    return np.pad(film, pads, constant_values=np.uint8(colour))


def added(film: np.ndarray, share: float, sides: str) -> tuple[float, ...]:
    """Left, top, right and bottom in pixels of the film inside such a border."""
    height, width = film.shape
    left = round(share * width) * ("l" in sides)
    top = round(share * height) * ("t" in sides)
    return left, top, left + width, top + height


def pixels_of(crop: Crop, film: np.ndarray) -> tuple[float, ...]:
    rows, columns = crop.slices(*film.shape)
    return columns.start, rows.start, columns.stop, rows.stop


@pytest.mark.parametrize("film", [*PHANTOMS, grey_film(500, 400)])
def test_an_ordinary_film_is_whole(film: np.ndarray) -> None:
    crop = find_crop(grey(film))
    assert crop.is_whole
    assert crop.share == 0


@pytest.mark.parametrize("share", [0.1, 0.2])
@pytest.mark.parametrize("sides", SIDES.values(), ids=SIDES.keys())
@pytest.mark.parametrize("colour", [0, 255, 130])
def test_a_plain_border_is_found_to_the_pixel(share: float, sides: str, colour: int) -> None:
    for film in PHANTOMS[:2]:
        wide = bordered(film, share, sides, colour)
        assert pixels_of(find_crop(grey(wide)), wide) == added(film, share, sides)
        plain, cut = (CUT.picture(grey(one)).astype(int) for one in (film, wide))
        assert np.abs(plain - cut).max() == 0


@pytest.mark.parametrize("share", [0.1, 0.2])
@pytest.mark.parametrize(("colour", "noise"), [(8, 2), (128, 3), (230, 3)])
def test_padding_with_noise_makes_no_difference(share: float, colour: int, noise: float) -> None:
    film = PHANTOMS[0]
    wide = bordered(film, share, "ltrb")
    left, top, right, bottom = (int(side) for side in added(film, share, "ltrb"))
    inside = np.zeros(wide.shape, bool)
    inside[top:bottom, left:right] = True
    grain = np.random.default_rng(0).normal(colour, noise, wide.shape)
    wide = np.where(inside, wide, np.clip(grain, 0, 255)).astype(np.uint8)
    assert (
        np.abs(
            np.subtract(pixels_of(find_crop(grey(wide)), wide), (left, top, right, bottom))
        ).max()
        <= 2
    )
    difference = CUT.picture(grey(wide)).astype(int) - CUT.picture(grey(film))
    assert np.abs(difference).mean() <= 1


def test_no_answer_changes_by_a_border() -> None:
    import torch

    network = random_network().eval()

    def answers(films: list[np.ndarray], preprocess: Preprocess) -> np.ndarray:
        pictures = np.stack([preprocess.picture(grey(film)) for film in films])
        with torch.inference_mode():
            return network(preprocess.tensor(pictures)).softmax(dim=1).numpy()

    film = PHANTOMS[1]
    wide = [bordered(film, 0.2, sides, colour) for sides in ("lr", "tb") for colour in (0, 255)]
    found = answers([film, *wide], CUT)
    assert np.abs(found - found[0]).max() <= 0.02
    kept = answers([film, *wide], Preprocess(size_px=128, smooth_px=0.7, tone="equalise"))
    assert np.abs(kept - kept[0]).max() > np.abs(found - found[0]).max()


def test_borders_inside_one_another_are_cut_in_turn() -> None:
    film = PHANTOMS[0]
    wide = bordered(bordered(bordered(film, 0.05, "ltrb", 0), 0.04, "ltrb", 255), 0.1, "lr", 90)
    assert (
        pixels_of(find_crop(grey(wide)), wide)[2] - pixels_of(find_crop(grey(wide)), wide)[0] == 600
    )
    assert np.array_equal(CUT.picture(grey(wide)), CUT.picture(grey(film)))


def test_a_frame_of_a_thin_line_does_not_stop_the_cut() -> None:
    film = PHANTOMS[0]
    wide = bordered(film, 0.15, "ltrb")
    for offset in (20, 21):
        frame = wide[offset : -offset or None, offset : -offset or None]
        frame[[0, -1]] = 255
        frame[:, [0, -1]] = 255
    assert (
        np.abs(np.subtract(pixels_of(find_crop(grey(wide)), wide), added(film, 0.15, "ltrb"))).max()
        <= 1
    )


@pytest.mark.parametrize("place", [(10, 40), (4, 300), (45, 500)])
def test_a_letter_in_a_black_bar_does_not_stop_the_cut(place: tuple[int, int]) -> None:
    film = PHANTOMS[0]
    image = Image.fromarray(bordered(film, 0.2, "lr"))
    ImageDraw.Draw(image).text(place, "R", fill=255, font_size=60)
    ImageDraw.Draw(image).text((740, 500), "AP ERECT", fill=255, font_size=18)
    wide = np.asarray(image)
    assert pixels_of(find_crop(grey(wide)), wide) == added(film, 0.2, "lr")


def test_a_letter_in_a_film_s_corner_is_no_border() -> None:
    image = Image.fromarray(PHANTOMS[0])
    ImageDraw.Draw(image).text((4, 4), "L", fill=255, font_size=80)
    ImageDraw.Draw(image).rectangle((500, 0, 599, 40), fill=255)
    assert find_crop(grey(np.asarray(image))).is_whole


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_dark_air_beside_a_patient_is_kept(noise: float) -> None:
    """A narrow patient, arms down: air at both sides of the neck and above the shoulders."""
    rows, columns = np.mgrid[:600, :600] / 600
    body = (np.abs(columns - 0.5) < 0.12 + 0.36 * np.clip(rows * 2 - 0.1, 0, 1)) * 150.0
    film = (
        gaussian_filter(body, 6) + 12 * rows + np.random.default_rng(0).normal(0, noise, body.shape)
    )
    crop = find_crop(grey(np.clip(film, 0, 255)))
    assert crop.share <= 0.05


def test_a_film_of_one_grey_at_both_sides_is_cut_no_deeper_than_its_body() -> None:
    film = np.zeros((600, 600), np.uint8)
    film[:, 150:450] = PHANTOMS[0][:, ::2]
    left, _, right, _ = pixels_of(find_crop(grey(film)), film)
    assert (left, right) == (150, 450)


def test_no_more_than_two_fifths_of_a_side_are_cut() -> None:
    film = np.zeros((600, 600), np.uint8)
    film[:120] = PHANTOMS[0][::5]
    assert find_crop(grey(film)) == Crop(0, 0, 1, 0.6)
    assert find_crop(np.zeros((200, 200), np.float32)).share < 1


@pytest.mark.parametrize("quality", [60, 90])
def test_artefacts_of_jpeg_do_not_stop_the_cut(quality: int) -> None:
    film = PHANTOMS[0]
    for colour in (0, 255):
        wide = bordered(film, 0.15, "ltrb", colour)
        lossy = np.asarray(Image.open(io.BytesIO(encode(wide, "JPEG", quality=quality))))
        far = np.subtract(pixels_of(find_crop(grey(lossy)), lossy), added(film, 0.15, "ltrb"))
        assert np.abs(far).max() <= 8, "pixels, a block"


def test_the_shadow_of_a_tilted_collimator_is_cut_as_far_as_it_is_straight() -> None:
    image = np.full((600, 600), 100.0)
    image[90:] = PHANTOMS[0][90:]
    tilted = rotate(np.pad(image, 60, mode="edge"), 1.5, reshape=False)[60:-60, 60:-60]
    tilted[:85] = np.where(np.abs(tilted[:85] - 100) < 20, 100, tilted[:85])
    grain = np.random.default_rng(0).normal(0, 1.5, tilted.shape)
    film = np.clip(tilted + grain, 0, 255).astype(np.uint8)
    _, top, _, _ = pixels_of(find_crop(grey(film)), film)
    assert 60 <= top <= 92


def test_a_faint_film_behind_a_white_border_is_found() -> None:
    film = PHANTOMS[0]
    wide = bordered((film * 0.03).astype(np.uint8), 0.1, "ltrb", 255)
    assert pixels_of(find_crop(grey(wide)), wide) == added(film, 0.1, "ltrb")


def test_a_radiograph_gives_what_its_pixels_give_and_keeps_its_crop() -> None:
    for film in (
        bordered(PHANTOMS[0], 0.1, "lr"),
        bordered(PHANTOMS[0], 0.1, "t").astype("u2") * 257,
    ):
        radiograph = read_radiograph(encode(film, "PNG"))
        assert isinstance(radiograph.film, Levels)
        assert radiograph.crop is radiograph.crop
        assert radiograph.crop == find_crop(radiograph.pixels)
        small = Preprocess(size_px=64)
        shrink_for(radiograph, small, CUT)
        for preprocess in (small, CUT):
            assert np.array_equal(
                preprocess.picture(radiograph), preprocess.picture(radiograph.pixels)
            )
        part = crop_film(radiograph.film, radiograph.crop)
        assert part.shape == radiograph.crop.shape(*radiograph.shape)


def test_padding_to_a_square_is_that_of_the_part() -> None:
    pad = Preprocess(size_px=128, fit="pad", borders="cut")
    tall = PHANTOMS[0][:, 150:450]
    wide = bordered(tall, 0.2, "lr", 255)
    assert np.array_equal(pad.picture(grey(wide)), pad.picture(grey(tall)))


@pytest.mark.parametrize("sides", ["l", "ltrb"])
def test_heat_lies_at_the_same_pixels_with_and_without_a_border(sides: str) -> None:
    film = PHANTOMS[0]
    wide = bordered(film, 0.2, sides)
    cells = np.zeros((7, 7), np.float32)
    cells[1, 5] = 0.4
    plain, cut = (
        Saliency(
            Finding.COVID,
            cells,
            0.0,
            CUT.placement(*crop.shape(*one.shape)),
            CUT.size_px,
            0.5,
            crop=crop,
        )
        for one, crop in ((film, WHOLE), (wide, find_crop(grey(wide))))
    )
    heat, own = cut.heat(*wide.shape), plain.heat(*film.shape)
    left, top, right, bottom = (int(side) for side in added(film, 0.2, sides))
    assert np.array_equal(heat[top:bottom, left:right], own)
    outside = np.ones(wide.shape, bool)
    outside[top:bottom, left:right] = False
    assert heat[outside].max() == 0
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert (row - top) // (600 / 7) == 1
    assert (column - left) // (600 / 7) == 5
    inside = np.zeros(wide.shape, bool)
    inside[top:bottom, left:right] = True
    assert cut.share_inside(inside) == pytest.approx(1)


def test_a_mirrored_map_is_the_mirrored_map() -> None:
    cells = np.random.default_rng(0).normal(0, 1, (7, 7)).astype(np.float32)
    for crop in (Crop(0.1, 0.2, 0.7, 1), Crop(1 / 256, 0, 0.5, 1), Crop(0.25, 0, 1, 0.75)):
        one = Saliency(Finding.COVID, cells, 0.0, (0, 0, 224, 224), 224, 0.5, crop=crop)
        assert np.array_equal(one.mirrored().positive(128, 128), one.positive(128, 128)[:, ::-1])


def test_boxes_and_points_go_into_the_part() -> None:
    crop = Crop(0.2, 0.1, 0.8, 1.0)
    boxes = ((0.3, 0.2, 0.5, 0.6), (0.7, 0.5, 0.75, 0.9))
    moved = crop_boxes(boxes, crop)
    assert np.allclose(moved or (), [[1 / 6, 1 / 9, 0.5, 5 / 9], [5 / 6, 4 / 9, 11 / 12, 8 / 9]])
    assert crop_boxes(((0.0, 0.3, 0.1, 0.5),), crop) == (), "in the border"
    assert crop_boxes(((0.0, 0.05, 1.0, 1.0),), crop) == ((0, 0, 1, 1),)
    assert crop_boxes(None, crop) is None
    assert crop.to_part(0.3, 0.4) == pytest.approx((1 / 6, 1 / 3))
    assert crop.mirrored().to_part(0.7, 0.4)[0] == pytest.approx(1 - crop.to_part(0.3, 0.4)[0])


def test_a_grid_coarser_than_the_part_still_has_a_cell() -> None:
    assert Crop(0.3, 0.3, 0.4, 0.4).of(np.arange(9).reshape(3, 3)).tolist() == [[4]]


def test_much_that_is_cut_is_said() -> None:
    assert remarks_on_crop(WHOLE) == remarks_on_crop(Crop(0.1, 0, 0.9, 1)) == ()
    (remark,) = remarks_on_crop(Crop(0.2, 0.1, 0.8, 0.9))
    assert remark.code is Code.BORDERS
    assert not remark.abstains
    assert remark.sentence.startswith("More than a quarter of the picture is a plain border")
    (kept,) = remarks_on_crop(Crop(0.2, 0.1, 0.8, 0.9), kept=True)
    assert (kept.code, kept.abstains) == (Code.BORDERS, False)
    assert "changes the answer" in kept.sentence and "was cut off" in remark.sentence


def test_what_is_done_is_described_and_a_card_of_before_keeps_borders() -> None:
    assert "its borders cut off" in CUT.describe()
    assert "borders" not in Preprocess().describe()
    before = {name: value for name, value in Preprocess().to_json().items() if name != "borders"}
    assert Preprocess(**before).borders == "keep"
    wide = grey(bordered(PHANTOMS[0], 0.2, "lr"))
    assert Preprocess().crop(wide) is WHOLE
    assert (Preprocess().picture(wide)[:, :20] == 0).all()

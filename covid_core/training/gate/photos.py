"""Films as a telephone takes them: on a light box, a desk, a wall, a monitor."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from covid_core.prepare.jpeg import compress
from covid_core.training.gate.negatives import gradient, lattice, scene, text_page, texture
from covid_core.training.gate.sheets import choose, fit_to, vary_contrast
from covid_core.training.gate.texture import SIDE_PX, clouds, uneven_light, worn


def photo_on_light_box(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A photo of a film on a light box, the dark room around it."""
    ground = drawing.uniform(0, 90) + drawing.uniform(2, 25) * clouds(drawing, 1.2)
    box = np.full((SIDE_PX, SIDE_PX), drawing.uniform(190, 255))
    lit, inside = _place_askew(box, drawing, (0.75, 1.15), aspect=(0.7, 1.6))
    ground = np.where(inside, lit + uneven_light(drawing, 25), ground)
    return _photograph(ground, choose(films, drawing), drawing)


def photo_on_table(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A photo of a film on a plain or a planked table or wall: to be known by its edges alone.

    Half of them lie on even bands, on which most were missed.
    """
    grounds = (_even_bands,) * 4 + (_dark_ground,) * 2 + (_plain_ground, _planks)
    ground = grounds[int(drawing.integers(len(grounds)))](drawing)
    return _photograph(ground, choose(films, drawing), drawing)


def photo_on_desk(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A photo of a film that lies among other things, is held to a window, or hangs on a wall."""
    grounds = (texture, gradient, lattice, text_page, scene)
    ground = grounds[int(drawing.integers(len(grounds)))](drawing).astype(float)
    ground = drawing.uniform(0.3, 1) * ground + drawing.uniform(0, 60)
    return _photograph(ground, choose(films, drawing), drawing)


def photo_of_screen(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A photo of a monitor: its frame, a wall or a desk behind, the screen's pattern."""
    ground = drawing.uniform(20, 220) + drawing.uniform(2, 30) * clouds(drawing, 1.3)
    ground[int(drawing.uniform(0.75, 0.95) * SIDE_PX) :] *= drawing.uniform(0.3, 0.9)
    monitor = np.full((SIDE_PX, SIDE_PX), drawing.uniform(0, 60))
    screen = drawing.uniform(0, 45) if drawing.random() < 0.7 else drawing.uniform(150, 230)
    edge = int(drawing.uniform(0.02, 0.07) * SIDE_PX)
    monitor[edge:-edge, edge:-edge] = screen
    seen, inside = _place_askew(monitor, drawing, (0.7, 0.98), aspect=(0.75, 1.3))
    ground = np.where(inside, seen, ground)
    return _photograph(ground, choose(films, drawing), drawing, share=(0.4, 0.62))


def _photograph(
    ground: np.ndarray,
    film: np.ndarray,
    drawing: np.random.Generator,
    share: tuple[float, float] = (0.45, 0.9),
) -> np.ndarray:
    """A film on a ground as a hand-held camera sees it, askew and unevenly lit.

    It may reflect a lamp, and show the pattern of two grids over each other.
    """
    sheet = vary_contrast(fit_to(film, SIDE_PX, SIDE_PX), drawing).astype(float)
    if drawing.random() < 0.5:  # the sheet is wider than what was exposed
        edge, shade = int(drawing.uniform(2, 14)), drawing.uniform(0, 50)
        sheet[:edge], sheet[-edge:], sheet[:, :edge], sheet[:, -edge:] = (shade,) * 4
    sheet = sheet * drawing.uniform(0.45, 1) + max(0, drawing.uniform(-30, 60))
    seen, inside = _place_askew(sheet, drawing, share, aspect=(0.6, 1.65))
    picture = np.where(inside, seen, ground) * np.exp(uneven_light(drawing, 60) / 100)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    if drawing.random() < 0.35:
        waves = drawing.uniform(10, 60) * (x + drawing.uniform(-1, 1) * y)
        bent = drawing.uniform(0, 8) * (x**2 + y**2)
        picture += drawing.uniform(2, 12) * np.sin(2 * np.pi * (waves + bent)) * inside
    for _ in range(int(drawing.integers(0, 3))):
        cx, cy, wide, high = *drawing.uniform(0, 1, 2), *drawing.uniform(0.02, 0.15, 2)
        spot = np.exp(-(((x - cx) / wide) ** 2) - ((y - cy) / high) ** 2)
        picture += drawing.uniform(30, 200) * spot
    if drawing.random() < 0.4:
        return worn(picture, drawing)
    # Of a camera's millions of pixels, made smaller, little noise is left: enough for a
    # plain ground to be all grain once the tone is equalised.
    sharp = gaussian_filter(picture, drawing.uniform(0, 1))
    grain = drawing.normal(0, drawing.uniform(0, 1.2), picture.shape)
    # A dark ground has few grey levels, of which an equalised tone makes patches or grain.
    step = int(drawing.choice([1, 1, 1, 2, 3]))
    kept = np.clip(sharp + grain, 0, 255).astype(np.uint8) // step * step
    return kept if drawing.random() < 0.5 else compress(kept, int(drawing.integers(60, 96)))


def _place_askew(
    sheet: np.ndarray,
    drawing: np.random.Generator,
    share: tuple[float, float],
    aspect: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """A sheet, float (SIDE_PX, SIDE_PX), in perspective somewhere in a picture, and where it is."""
    side, ratio = drawing.uniform(*share), np.sqrt(drawing.uniform(*aspect))
    wide, high = min(side * ratio, 1.1) / 2, min(side / ratio, 1.1) / 2
    corners = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]])
    turn = np.radians(drawing.choice([0, drawing.uniform(-4, 4), drawing.uniform(-12, 12)]))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    middle = 0.5 + drawing.uniform(-0.08, 0.08, 2)
    placed = corners @ rotation + middle + drawing.uniform(0, 0.08) * drawing.uniform(-1, 1, (4, 2))
    terms = _perspective(placed * SIDE_PX, np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * SIDE_PX)
    size, way = (SIDE_PX, SIDE_PX), Image.Transform.PERSPECTIVE
    seen = Image.fromarray(sheet.astype(np.float32)).transform(
        size, way, terms, Image.Resampling.BILINEAR
    )
    inside = Image.new("L", size, 255).transform(size, way, terms)
    return np.asarray(seen), np.asarray(inside) > 127


def _perspective(placed: np.ndarray, corners: np.ndarray) -> list[float]:
    """The eight terms with which PIL finds a place of the sheet for one of the picture."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(placed, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return np.linalg.solve(np.array(rows), np.array(wanted)).tolist()


def _plain_ground(drawing: np.random.Generator) -> np.ndarray:
    """A table or a wall, of one grey but for its grain and the light on it."""
    grain = max(0, drawing.uniform(-4, 4)) * clouds(drawing, 1.0)
    return drawing.uniform(8, 235) + grain + uneven_light(drawing, drawing.uniform(0, 60))


def _dark_ground(drawing: np.random.Generator) -> np.ndarray:
    """A plain ground in the dark, where the light on it makes few grey levels."""
    grain = max(0, drawing.uniform(-1, 1)) * clouds(drawing, 1.0)
    return drawing.uniform(4, 50) + grain + uneven_light(drawing, drawing.uniform(0, 6))


def _even_bands(drawing: np.random.Generator) -> np.ndarray:
    """Straight bands of one width, 3 to 15 across the picture, of two greys in turn."""
    across = np.linspace(0, drawing.uniform(3, 15), SIDE_PX) + drawing.uniform(0, 2)
    darker = np.where(np.floor(across) % 2, 1, 1 - drawing.uniform(0, 0.25))
    bands = np.broadcast_to(darker, (SIDE_PX, SIDE_PX))
    level = drawing.uniform(5, 60) if drawing.random() < 0.35 else drawing.uniform(5, 240)
    return level * (bands if drawing.random() < 0.5 else bands.T)


def _planks(drawing: np.random.Generator) -> np.ndarray:
    """A table, a wall or a cloth in bands, straight or askew, each of its own grey and grain."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    angle = drawing.choice([0, np.pi / 2, drawing.uniform(0, np.pi)])
    across = x * np.cos(angle) + y * np.sin(angle)
    band = np.floor((across + 1) * drawing.uniform(1.5, 14)).astype(int)
    greys = drawing.uniform(-1, 1, band.max() + 1)
    if drawing.random() < 0.5:
        greys = np.where(np.arange(len(greys)) % 2, 1, -1)
    grain = max(0, drawing.uniform(-10, 10)) * gaussian_filter(clouds(drawing, 0.5), (0, 4))
    level = drawing.uniform(8, 230)
    if drawing.random() < 0.5:  # in the dark, bands differ by next to nothing
        return level * (1 + drawing.uniform(0.01, 0.15) * greys[band]) + grain
    return level + drawing.uniform(1, 30) * greys[band] + grain

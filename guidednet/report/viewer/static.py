"""The picture of a scene where no script runs: three planes of every label map, drawn at once.

Pictures are in radiological orientation with square pixels: the patient's right is on the left,
anterior or superior is up.
"""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from guidednet.data.organs import Organ
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.slices import PLANES, cut, overlay

GROUND, TEXT, QUIET = (13, 17, 23), (223, 230, 238), (139, 152, 168)
MOST_COLUMNS = 6  # label maps; a wider picture cannot be read in a page
GAP, LINE = 6, 20
OPACITY = 0.45


def static_picture(scene: Scene, width: int = 230) -> Image.Image:
    """The three planes through the scene's centre (rows) for up to six label maps (columns)."""
    names = list(scene.labels)[:MOST_COLUMNS] or [""]
    centre = dict(zip(PLANES, scene.centre(), strict=True))
    rows = [
        [draw_panel(scene, plane, index, name, width) for name in names]
        for plane, index in centre.items()
    ]
    return _framed(scene, names, rows, width)


def draw_panel(scene: Scene, plane: str, index: int, name: str, width: int) -> Image.Image:
    """Slice `index` of a plane with the organs of one label map ("" for none) over it.

    It is `width` pixels wide; its height keeps the proportions of the body.
    """
    grey = _grey(cut(scene.image, plane, index), next(iter(scene.windows.values())))
    if name:
        colours = overlay(cut(scene.labels[name], plane, index), scene.organs, OPACITY)
        share = colours[:, :, 3:]
        grey = grey * (1 - share) + 255 * colours[:, :, :3] * share
    rows, columns = (s for axis, s in enumerate(scene.spacing) if axis != PLANES[plane][0])
    height = max(1, round(width * grey.shape[0] * rows / (grey.shape[1] * columns)))
    image = Image.fromarray(grey.astype(np.uint8)).resize((width, height), Image.Resampling.NEAREST)
    _name_edges(image, PLANES[plane][1])
    return image


def _grey(values: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Values (H,W) as grey RGB (H,W,3), from black at `window[0]` to white at `window[1]`."""
    low, high = window
    levels = np.clip((values.astype(np.float32) - low) * (255 / max(high - low, 1e-9)), 0, 255)
    return np.repeat(levels[:, :, None], 3, axis=2)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _name_edges(image: Image.Image, names: str) -> None:
    width, height = image.size
    places = (4, height // 2), (width - 4, height // 2), (width // 2, 3), (width // 2, height - 3)
    for name, place, anchor in zip(names, places, ("lm", "rm", "ma", "md"), strict=True):
        ImageDraw.Draw(image).text(place, name, TEXT, _font(12), anchor)


def _framed(
    scene: Scene, names: Sequence[str], rows: list[list[Image.Image]], width: int
) -> Image.Image:
    """The panels under their names, with a legend of the organs below."""
    legend = _legend(scene, names)
    across = max(len(names) * (width + GAP) + GAP, 2 * width)
    per_line = max(1, across // 170)
    height = sum(row[0].height + GAP for row in rows) + LINE * (1 + -(-len(legend) // per_line))
    picture = Image.new("RGB", (across, height + 2 * GAP), GROUND)
    draw = ImageDraw.Draw(picture)
    for column, name in enumerate(names):
        place = (GAP + column * (width + GAP) + width // 2, GAP)
        draw.text(place, name or scene.title, TEXT, _font(13), "ma")
    top = GAP + LINE
    for row in rows:
        for column, panel in enumerate(row):
            picture.paste(panel, (GAP + column * (width + GAP), top))
        top += row[0].height + GAP
    for number, organ in enumerate(legend):
        left, line = GAP + 170 * (number % per_line), top + LINE * (number // per_line)
        draw.rectangle((left, line + 3, left + 11, line + 14), organ.colour)
        draw.text((left + 17, line + 2), organ.name, QUIET, _font(12))
    return picture


def _legend(scene: Scene, names: Sequence[str]) -> list[Organ]:
    """The organs that the picture shows, in the paper's order."""
    slices = [
        cut(scene.labels[name], plane, index)
        for name in names
        if name
        for plane, index in zip(PLANES, scene.centre(), strict=True)
    ]
    found = set().union(*(np.unique(labels).tolist() for labels in slices))
    return [scene.organs.by_label[label] for label in scene.organs.column_labels if label in found]


def to_png(image: Image.Image) -> bytes:
    """The image as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()

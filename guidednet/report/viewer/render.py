"""Slices rendered fast enough to follow a slider: NumPy arrays in, RGB and PNG out.

Pictures are in radiological orientation with square pixels: the patient's right is on the left,
anterior or superior is up.
"""

import io
from collections.abc import Collection, Sequence

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image, ImageDraw

from guidednet.data.organs import OrganSet
from guidednet.report.viewer.slices import PLANES, cut

MARK_COLOUR = (255, 255, 255)
CROSSHAIR_COLOUR = np.array([255, 221, 0], np.uint8)
DISAGREEMENT_COLOUR = (1.0, 0.15, 0.1)


def pixels(
    volume: np.ndarray, spacing: Sequence[float], plane: str, index: int, width: int
) -> np.ndarray:
    """Slice `index` of a volume (D,H,W) as displayed (height, width), from the nearest voxels.

    `width` is in pixels; the height follows from `spacing` (z,y,x) in mm, so proportions are true.
    """
    values = cut(volume, plane, index)
    rows, columns = (step for axis, step in enumerate(spacing) if axis != PLANES[plane][0])
    height = max(1, round(width * values.shape[0] * rows / (values.shape[1] * columns)))
    places = [
        ((np.arange(size) + 0.5) * length / size).astype(int)
        for size, length in zip((height, width), values.shape, strict=True)
    ]
    return values[np.ix_(*places)]


def grey_levels(values: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Values (H,W) as grey RGB (H,W,3) uint8, from black at `window[0]` to white at `window[1]`."""
    low, high = window
    levels = np.clip(
        (values.astype(np.float32) - low) * (255 / max(high - low, 1e-9)), 0, 255
    ).astype(np.uint8)
    return np.repeat(levels[:, :, None], 3, axis=2)


def colour_table(organs: OrganSet, visible: Collection[str] | None, opacity: float) -> np.ndarray:
    """RGBA table (256,4) float32 by label id: RGB from 0 to 255, and `opacity` as alpha.

    Alpha is 0 for the background and for organs not in `visible` (None: all are visible).
    """
    table = np.zeros((256, 4), np.float32)
    for label, organ in organs.by_label.items():
        if visible is None or organ.name in visible:
            table[label] = (*(255 * np.array(to_rgb(organ.colour))), opacity)
    return table


def blend(picture: np.ndarray, labels: np.ndarray, table: np.ndarray) -> np.ndarray:
    """RGB `picture` (H,W,3) with `labels` (H,W) over it, coloured by `table` (colour_table)."""
    shown = table[labels]
    share = shown[:, :, 3:]
    return (picture * (1 - share) + shown[:, :, :3] * share).astype(np.uint8)


def mark_disagreement(
    picture: np.ndarray, first: np.ndarray, second: np.ndarray, opacity: float
) -> np.ndarray:
    """RGB `picture` (H,W,3) with red pixels where two label maps (H,W) differ."""
    table = np.zeros((256, 4), np.float32)
    table[1] = (*(255 * np.array(DISAGREEMENT_COLOUR)), max(opacity, 0.5))
    return blend(picture, (first != second).astype(np.uint8), table)


def draw_crosshair(
    picture: np.ndarray, plane: str, voxel: tuple[int, int, int], shape: tuple[int, int, int]
) -> None:
    """Draw the lines of the other two planes into `picture` (H,W,3), in place.

    The picture shows `plane` through `voxel` (z,y,x) of a volume of `shape`.
    """
    axes = [axis for axis in range(3) if axis != PLANES[plane][0]]
    row, column = (
        int((shape[axis] - 0.5 - voxel[axis]) * size / shape[axis])
        for axis, size in zip(axes, picture.shape[:2], strict=True)
    )
    picture[row, :] = CROSSHAIR_COLOUR
    picture[:, column] = CROSSHAIR_COLOUR


def name_edges(picture: np.ndarray, plane: str) -> Image.Image:
    """An RGB slice (H,W,3) as an image with the patient's sides (R, L, A, P, S, I) at its edges."""
    image = Image.fromarray(picture)
    width, height = image.size
    left, right, top, bottom = PLANES[plane][1]
    draw = ImageDraw.Draw(image)
    for name, place, anchor in (
        (left, (3, height // 2), "lm"),
        (right, (width - 3, height // 2), "rm"),
        (top, (width // 2, 2), "ma"),
        (bottom, (width // 2, height - 2), "md"),
    ):
        draw.text(place, name, fill=MARK_COLOUR, anchor=anchor)
    return image


def render_slice(
    volume: np.ndarray,
    spacing: Sequence[float],
    plane: str,
    index: int,
    window: tuple[float, float],
    label: np.ndarray | None = None,
    table: np.ndarray | None = None,
    width: int = 256,
) -> Image.Image:
    """Slice `index` of a volume (D,H,W) with `label` (D,H,W) overlaid in the colours of `table`."""
    picture = grey_levels(pixels(volume, spacing, plane, index, width), window)
    if label is not None and table is not None:
        picture = blend(picture, pixels(label, spacing, plane, index, width), table)
    return name_edges(picture, plane)


def to_png(image: Image.Image) -> bytes:
    """The image as PNG, lightly compressed so that a slider responds quickly."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def side_by_side(images: Sequence[Image.Image], titles: Sequence[str], gap: int = 4) -> Image.Image:
    """Images of equal size in a row, each below its title."""
    width, height = images[0].size
    strip = Image.new("RGB", (len(images) * (width + gap) - gap, height + 14), (0, 0, 0))
    draw = ImageDraw.Draw(strip)
    for place, (image, title) in enumerate(zip(images, titles, strict=True)):
        strip.paste(image, (place * (width + gap), 14))
        draw.text((place * (width + gap) + width // 2, 1), title, fill=MARK_COLOUR, anchor="ma")
    return strip

"""A slice browser that needs no kernel: pre-rendered slices, a slider and a few lines of script."""

import base64
import html
import io
import json
from collections.abc import Sequence

import numpy as np
from PIL import Image

from guidednet.report.viewer.render import colour_table, render_slice, side_by_side
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.slices import PLANES

MOST_SLICES = 60  # of a longer volume, evenly spaced slices are shown to limit the page's size
PANEL_WIDTH = 200
SCRIPT = """
for (const box of document.querySelectorAll('.browser')) {
  const slices = JSON.parse(box.querySelector('script').textContent);
  const slider = box.querySelector('input'), picture = box.querySelector('img');
  const name = box.querySelector('output');
  const show = () => {
    const one = slices[slider.value];
    picture.src = one.src; picture.alt = one.name; name.textContent = one.name;
  };
  slider.addEventListener('input', show);
  show();
}
"""


def slice_pictures(
    scene: Scene, names: Sequence[str], plane: str = "transverse"
) -> list[tuple[str, Image.Image]]:
    """Slices of a scene as (name, picture), in the order of their indices.

    Each picture has one panel per label map in `names`.
    """
    size = scene.image.shape[PLANES[plane][0]]
    table = colour_table(scene.organs, None, 0.45)
    window = next(iter(scene.windows.values()))
    pictures = []
    for index in np.unique(
        np.linspace(0, size - 1, min(size, MOST_SLICES)).round().astype(int)
    ).tolist():
        panels = [
            render_slice(
                scene.image,
                scene.spacing,
                plane,
                index,
                window,
                scene.labels[name],
                table,
                PANEL_WIDTH,
            )
            for name in names
        ]
        pictures.append((f"{plane} {index}", side_by_side(panels, names)))
    return pictures


def browser_html(scene: Scene, names: Sequence[str]) -> str:
    """A slider with its picture as HTML that contains all slices; the page needs SCRIPT once."""
    slices = [
        {"name": name, "src": _data_uri(picture)} for name, picture in slice_pictures(scene, names)
    ]
    start = len(slices) // 2
    data = json.dumps(slices).replace("<", "\\u003c")
    title = html.escape(scene.title)
    return (
        f'<div class="browser"><p><b>{title}</b> <output></output></p>'
        f'<input type="range" min="0" max="{len(slices) - 1}" value="{start}" '
        f'aria-label="slice of {title}">'
        f'<div class="wide"><img src="{slices[start]["src"]}" alt="{slices[start]["name"]}"></div>'
        f'<script type="application/json">{data}</script></div>'
    )


def _data_uri(picture: Image.Image) -> str:
    """The picture as a data URI, in WebP so that many slices stay small."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()

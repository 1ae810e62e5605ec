"""The slice viewer: three linked planes of a scene with its label maps side by side.

`view(scene)` returns the widget for a running notebook, `static_view(scene)` a figure that needs no
kernel.
"""

from functools import partial
from html import escape

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from guidednet.report.viewer.render import (
    blend,
    colour_table,
    draw_crosshair,
    grey_levels,
    mark_disagreement,
    name_edges,
    pixels,
    side_by_side,
    to_png,
)
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.slices import PLANES

DISAGREEMENT = "disagreement"


class Viewer:
    """A scene and the state of its view: voxel, panels, window, opacity and organs.

    `widget` shows it. `voxel` (z,y,x) is where the three planes cross. Panels are label maps by
    name, and "disagreement" of the first two.
    """

    def __init__(self, scene: Scene, width: int = 256) -> None:
        self.scene = scene
        self.width = width
        self.sliders = {
            plane: _slider(plane, scene.image.shape[axis]) for plane, (axis, _) in PLANES.items()
        }
        self.window = widgets.Dropdown(options=list(scene.windows), description="window")
        self.opacity = widgets.FloatSlider(
            value=0.45, min=0, max=1, step=0.05, description="opacity", continuous_update=True
        )
        self.crosshair = widgets.Checkbox(value=True, description="crosshair", indent=False)
        self.organs = {name: _organ_box(name) for name in scene.organ_names()}
        self.panels = widgets.SelectMultiple(
            options=_panel_names(scene), value=_panel_names(scene)[:3], description="panels"
        )
        self.pictures = {plane: widgets.Image(format="png") for plane in PLANES}
        self.reading = widgets.HTML()
        self.jumps = [_jump_button(pair) for pair in _pairs(scene)]
        self._connect()
        self.draw()

    @property
    def voxel(self) -> tuple[int, int, int]:
        """The voxel (z,y,x) where the planes cross."""
        return tuple(self.sliders[plane].value for plane in PLANES)

    @property
    def widget(self) -> widgets.VBox:
        """The whole viewer as one widget."""
        planes = [widgets.VBox([self.sliders[plane], self.pictures[plane]]) for plane in PLANES]
        boxes = widgets.HBox(
            list(self.organs.values()), layout=widgets.Layout(flex_flow="row wrap")
        )
        controls = widgets.HBox(
            [
                self.panels,
                widgets.VBox([self.window, self.opacity, self.crosshair]),
                widgets.VBox(self.jumps),
            ]
        )
        return widgets.VBox(
            [
                widgets.HTML(_legend(self.scene)),
                controls,
                boxes,
                *planes,
                self.reading,
                _dice_table(self.scene),
            ]
        )

    def panel(self, plane: str, name: str) -> Image.Image:
        """The slice of `plane` through the voxel, as the panel called `name` shows it."""
        scene, index = self.scene, self.voxel[PLANES[plane][0]]
        shown = partial(pixels, spacing=scene.spacing, plane=plane, index=index, width=self.width)
        picture = grey_levels(shown(scene.image), scene.windows[self.window.value])
        if name == DISAGREEMENT:
            first, second = (shown(label) for label in list(scene.labels.values())[:2])
            picture = mark_disagreement(picture, first, second, self.opacity.value)
        elif name in scene.labels:
            visible = {organ for organ, box in self.organs.items() if box.value}
            picture = blend(
                picture,
                shown(scene.labels[name]),
                colour_table(scene.organs, visible, self.opacity.value),
            )
        if self.crosshair.value:
            draw_crosshair(picture, plane, self.voxel, scene.image.shape)
        return name_edges(picture, plane)

    def picture(self, plane: str) -> Image.Image:
        """All selected panels of one plane side by side."""
        names = self.panels.value or (_panel_names(self.scene)[0],)
        return side_by_side([self.panel(plane, name) for name in names], names)

    def draw(self, change: dict | None = None) -> None:
        """Draw all planes and update the values at the voxel."""
        for plane, shown in self.pictures.items():
            shown.value = to_png(self.picture(plane))
        self.reading.value = self.reading_text()

    def reading_text(self) -> str:
        """Grey value and position of the voxel, and its organ in each label map, as HTML."""
        scene, voxel = self.scene, self.voxel
        names = {
            name: _organ_name(scene, int(label[voxel])) for name, label in scene.labels.items()
        }
        right, anterior, superior = scene.position(voxel)
        place = f"right {right:g}, anterior {anterior:g}, superior {superior:g} mm"
        labels = "; ".join(f"{escape(name)}: {organ}" for name, organ in names.items())
        return f"<b>{float(scene.image[voxel]):.3g}</b> ({scene.unit}) at {place}. {labels}"

    def jump(self, first: str, second: str) -> None:
        """Go to the transverse slice where two label maps differ most."""
        self.sliders["transverse"].value = self.scene.widest_difference(first, second, axis=0)

    def _connect(self) -> None:
        for control in (
            *self.sliders.values(),
            self.window,
            self.opacity,
            self.crosshair,
            self.panels,
            *self.organs.values(),
        ):
            control.observe(self.draw, names="value")
        for button, pair in zip(self.jumps, _pairs(self.scene), strict=True):
            button.on_click(lambda _, pair=pair: self.jump(*pair))


def view(scene: Scene, width: int = 256) -> widgets.VBox:
    """The viewer of a scene, with panels `width` pixels wide, for a running notebook."""
    return Viewer(scene, width).widget


def static_view(scene: Scene, names: tuple[str, ...] = (), width: int = 300) -> Figure:
    """The three planes through the centre of the first label map, a row per plane.

    There is a column per panel of `names`, by default all. Without labels, the planes cross at the
    centre of the image.
    """
    viewer = Viewer(scene, width)
    names = names or tuple(_panel_names(scene))
    label = next(iter(scene.labels.values()), None)
    centre = (
        np.argwhere(label).mean(0).round().astype(int)
        if label is not None and label.any()
        else np.array(scene.image.shape) // 2
    )
    for plane, place in zip(PLANES, centre, strict=True):
        viewer.sliders[plane].value = int(place)
    figure, grid = plt.subplots(
        3, len(names), figsize=(2.6 * len(names), 7), layout="constrained", squeeze=False
    )
    for row, plane in zip(grid, PLANES, strict=True):
        for axes, name in zip(row, names, strict=True):
            axes.imshow(viewer.panel(plane, name))
            axes.set(xticks=[], yticks=[], title=f"{name}, {plane} {viewer.sliders[plane].value}")
            axes.title.set_fontsize(8)
    return figure


def _slider(plane: str, size: int) -> widgets.IntSlider:
    return widgets.IntSlider(
        value=size // 2, min=0, max=size - 1, description=plane, layout=widgets.Layout(width="40em")
    )


def _organ_box(name: str) -> widgets.Checkbox:
    return widgets.Checkbox(
        value=True, description=name, indent=False, layout=widgets.Layout(width="11em")
    )


def _jump_button(pair: tuple[str, str]) -> widgets.Button:
    return widgets.Button(
        description=f"where {pair[0]} and {pair[1]} differ most",
        layout=widgets.Layout(width="auto"),
    )


def _panel_names(scene: Scene) -> list[str]:
    return [*scene.labels, *([DISAGREEMENT] if len(scene.labels) > 1 else [])] or ["image"]


def _pairs(scene: Scene) -> list[tuple[str, str]]:
    names = list(scene.labels)
    return [(names[0], other) for other in names[1:]]


def _organ_name(scene: Scene, label: int) -> str:
    return scene.organs.by_label[label].name if label else "background"


def _legend(scene: Scene) -> str:
    named = {organ.name: organ.colour for organ in scene.organs.by_label.values()}
    marks = [
        f'<span style="color:{named[name]}">&#9632;</span> {name}' for name in scene.organ_names()
    ]
    return f"<b>{escape(scene.title)}</b> {' '.join(marks)}"


def _dice_table(scene: Scene) -> widgets.HTML:
    """HTML table of each label map's Dice per organ against the reference; empty without one."""
    others = [
        name for name in scene.labels if scene.reference is not None and name != scene.reference
    ]
    if not others:
        return widgets.HTML()
    scores = {name: scene.dice(name) for name in others}
    head = "".join(f"<th>{organ}</th>" for organ in scene.organ_names())
    rows = [
        f"<tr><td>{escape(name)}</td>"
        + "".join(f"<td>{100 * values[organ]:.1f}</td>" for organ in scene.organ_names())
        + "</tr>"
        for name, values in scores.items()
    ]
    return widgets.HTML(
        "<table><caption>Dice in this case (%)</caption>"
        f"<tr><th></th>{head}</tr>{''.join(rows)}</table>"
    )

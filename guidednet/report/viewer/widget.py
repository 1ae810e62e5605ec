"""The viewer as a widget for JupyterLab, which fetches from the kernel what it needs."""

import base64
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anywidget
import traitlets

from guidednet.report.viewer.payload import (
    described,
    described_comparison,
    described_surfaces,
    stored_volumes,
)
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.script import style, widget_script
from guidednet.report.viewer.static import static_picture, to_png

WHOLE_VOXELS = 4_000_000  # of all volumes; a larger scene is fetched slice by slice
SURFACE_VOXELS = 128  # a side of the grid of the surfaces

SceneMaker = Callable[[], Scene]


class SliceViewer(anywidget.AnyWidget):
    """Views of one case at a time; `scenes` makes each case when it is chosen.

    Where no script runs, it shows a static picture of the first case.
    """

    _esm = widget_script()
    _css = style()
    scene = traitlets.Dict().tag(sync=True)

    def __init__(self, scenes: Mapping[str, SceneMaker]) -> None:
        self.scenes = scenes
        # One thread, so that answers come in turn and the kernel can go on sending slices.
        self.thread = ThreadPoolExecutor(1)
        super().__init__(scene=self._opened(next(iter(scenes))))
        self.on_msg(self._asked)

    def _opened(self, case: str) -> dict[str, Any]:
        """Open a case and return its description."""
        self.shown = self.scenes[case]()
        self.volumes = stored_volumes(self.shown)
        voxels = sum(volume.values.size for volume in self.volumes.values())
        return described(self.shown, self.volumes, list(self.scenes), voxels <= WHOLE_VOXELS)

    def _asked(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Answer a message of the browser."""
        if message["kind"] == "slice":
            packed = self.volumes[message["volume"]].slice(message["plane"], message["index"])
            self.send({**message, "title": self.shown.title}, [packed])
        elif message["kind"] == "case":
            self.scene = self._opened(message["name"])
        else:
            self.thread.submit(self._answer, self.shown, message)

    def _answer(self, scene: Scene, message: dict[str, Any]) -> None:
        """Send what takes a while: a comparison of two label maps, or the surfaces of one."""
        if message["kind"] == "comparison":
            self.send(described_comparison(scene, message["first"], message["second"]))
            return
        found = described_surfaces(scene, message["map"], SURFACE_VOXELS)
        buffers = []
        for organ in found["organs"]:
            for part in ("corners", "faces"):
                buffers.append(organ[part])
                organ[part] = len(buffers) - 1
        self.send(found, buffers)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget and, for readers that run no script, the static picture."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        picture = base64.b64encode(to_png(static_picture(self.shown))).decode()
        return {**data, "image/png": picture}, metadata

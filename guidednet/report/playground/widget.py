"""A widget that is a piece of HTML: data, script and style in one; a picture without scripts."""

import base64
import html
import io
import json
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from guidednet.report.viewer.script import VIEWER, joined

FOLDER = "guidednet.report.playground"
# The modules of each kind of widget, in the order in which they need each other.
MODULES = {
    "cgmm": ("cgmm", "parts", "maps", "plane", "cgmm_view"),
    "ktcps": ("ktcps", "parts", "ktcps_view"),
    "gap": ("gap", "parts", "gap_view"),
}
MOUNTS = {"cgmm": "mountCgmm", "ktcps": "mountKtcps", "gap": "mountGap"}


def script(kind: str) -> str:
    """The script of a widget: the modules of its folder, one after the other."""
    own = [(FOLDER, f"{name}.js") for name in (*MODULES[kind], "places")]
    return joined((VIEWER, "dom.js"), *own)


@dataclass(frozen=True)
class Playground:
    """A widget of one `kind` of MODULES, the `data` of its script, and what stands in its place.

    `picture` is a PNG, and `words` say what it shows.
    """

    kind: str
    data: dict[str, Any]
    picture: bytes
    words: str

    def html(self) -> str:
        """The widget as a piece of a page that needs nothing else."""
        data = json.dumps(self.data).replace("<", "\\u003c")
        style = joined((FOLDER, "playground.css"))
        return (
            f'<style>{style}</style><div class="guidednet-playground" data-kind="{self.kind}">'
            f'{self._image()}<script type="application/json">{data}</script></div>'
            f'<script type="module">{script(self.kind)}\n'
            f"fillPlaces({{ {self.kind}: {MOUNTS[self.kind]} }});</script>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """In a notebook, a frame with a page of its own, so that no other style reaches it.

        The picture before it is put away by the script, if it runs.
        """
        head = '<!doctype html><html lang="en"><meta charset="utf-8">'
        page = f"{head}<title>{self.words}</title><body style='margin:0'>{self.html()}</body>"
        frame = (
            f'{self._image()}<iframe srcdoc="{html.escape(page)}" title="{html.escape(self.words)}"'
            ' style="width:100%;height:0;border:0"></iframe>'
        )
        return {"text/html": frame, "text/plain": self.words}

    def _image(self) -> str:
        data = base64.b64encode(self.picture).decode()
        return f'<img src="data:image/png;base64,{data}" alt="{html.escape(self.words)}">'


def png(figure: Figure) -> bytes:
    """A figure as PNG; the figure is closed to pyplot already."""
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=90, metadata={"Software": None})
    return target.getvalue()

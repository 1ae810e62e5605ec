"""The viewer's JavaScript, joined from the modules of the folder `javascript` without any tool.

Each module exports names that no other has, so taking the words import and export away and putting
the modules one after the other in this order gives one script.
"""

import re
from functools import cache
from importlib.resources import files

MODULES = (
    *("state", "volume", "scene", "paint", "contours", "marks", "dom"),
    *("slice_view", "surface_view", "hands", "panel", "pane", "toolbar", "readout", "viewer"),
)
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def _source(name: str) -> str:
    folder = files("guidednet.report.viewer") / "javascript"
    return (folder / name).read_text(encoding="utf-8")


@cache
def _joined(last: str) -> str:
    """The modules, with the one called `last` at the end."""
    sources = [_source(f"{name}.js") for name in (*MODULES, last)]
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources)


def widget_script() -> str:
    """The module that anywidget loads, whose default export has `render`."""
    return f"{_joined('widget')}\nexport default {{ render }};\n"


def page_script() -> str:
    """The script of a page without a kernel; it fills every place of a viewer in the page."""
    return f"{_joined('page')}\nfillPlaces();\n"


def style() -> str:
    """The viewer's style sheet."""
    return _source("viewer.css") + _source("panel.css")

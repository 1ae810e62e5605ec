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


VIEWER = "guidednet.report.viewer"


@cache
def joined(*modules: tuple[str, str]) -> str:
    """One script of several modules, each given by its package and its name in `javascript`."""
    sources = [
        (files(package) / "javascript" / name).read_text(encoding="utf-8")
        for package, name in modules
    ]
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources)


def _joined(last: str) -> str:
    """The modules, with the one called `last` at the end."""
    return joined(*((VIEWER, f"{name}.js") for name in (*MODULES, last)))


def widget_script() -> str:
    """The module that anywidget loads, whose default export has `render`."""
    return f"{_joined('widget')}\nexport default {{ render }};\n"


def page_script() -> str:
    """The script of a page without a kernel; it fills every place of a viewer in the page."""
    return f"{_joined('page')}\nfillPlaces();\n"


def style() -> str:
    """The viewer's style sheet."""
    return joined((VIEWER, "viewer.css"), (VIEWER, "panel.css"))

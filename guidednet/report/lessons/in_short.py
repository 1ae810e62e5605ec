"""The box on top of a notebook that says in a few lines what the notebook finds."""

import html

from IPython.display import HTML, display

STYLE = "border-left: 4px solid #0072b2; padding: 0.4rem 1rem"


class InShort:
    """A box that stands where it is made and is filled by the cell that has the numbers.

    JupyterLab and an executed copy show it on top, filled.
    """

    def __init__(self) -> None:
        self._box = display(HTML(_box(["run all cells to fill this box"])), display_id=True)

    def say(self, *lines: str) -> None:
        """Fill the box with `lines` of plain text."""
        self._box.update(HTML(_box(lines)))


def _box(lines: list[str] | tuple[str, ...]) -> str:
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f'<div class="in-short" style="{STYLE}"><strong>In short</strong><ul>{items}</ul></div>'

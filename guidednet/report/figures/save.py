"""Figures sized for print, saved to the figure folder with the numbers they were drawn from."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from guidednet.errors import InputError
from guidednet.support.files import check_file, write_text, written_beside

# Widths in inches of a single and of a double column of the usual two-column page.
SINGLE, DOUBLE = 3.35, 6.9
# Type as large as the page's captions, whatever the user's own settings.
PRINT_STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
}


def print_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, **options: object
) -> tuple[Figure, object]:
    """A figure of `width` x `height` inches in print type, with axes as from `plt.subplots`."""
    plt.rcParams.update(PRINT_STYLE)
    return plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **options)


def save_figure(
    figure: Figure, frame: pd.DataFrame, folder: Path, name: str, dpi: int = 300
) -> None:
    """Write <name>.png, .pdf and .csv (the numbers shown); equal figures give equal bytes.

    `dpi` is the resolution of the PNG, which the page holds; the PDF has 300 where it is not lines.
    """
    with written_beside(folder / f"{name}.png") as path:
        figure.savefig(path, dpi=dpi, metadata={"Software": None})
    with written_beside(folder / f"{name}.pdf") as path:
        figure.savefig(
            path, dpi=300, metadata={"CreationDate": None, "Producer": None, "Creator": None}
        )
    write_text(folder / f"{name}.csv", frame.to_csv(index=False))


def check_picture(path: Path) -> None:
    """Raise InputError if no picture can be written to `path`, before it is drawn."""
    if path.suffix not in (".png", ".pdf", ".svg"):
        raise InputError(f"{path}: the picture's name must end in .png, .pdf or .svg; give another")
    check_file(path)


def write_picture(figure: Figure, path: Path) -> None:
    """Write `figure` to `path`, in the format that its ending names."""
    with written_beside(path) as temporary:
        figure.savefig(temporary, dpi=200)

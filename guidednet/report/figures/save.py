"""Figures sized for print, saved to the figure folder with the numbers they were drawn from."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from guidednet.support.files import write_text, written_beside

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
    figure: Figure, frame: pd.DataFrame, folder: Path, name: str, of_slices: bool = False
) -> None:
    """Write <name>.png, .pdf and .csv (the numbers shown); equal figures give equal bytes.

    A figure `of_slices` has a palette of 256 colours, without which its PNG is three times as
    large.
    """
    with written_beside(folder / f"{name}.png") as path:
        figure.savefig(path, dpi=300, metadata={"Software": None})
        if of_slices:
            with_palette(path)
    with written_beside(folder / f"{name}.pdf") as path:
        figure.savefig(
            path, dpi=300, metadata={"CreationDate": None, "Producer": None, "Creator": None}
        )
    write_text(folder / f"{name}.csv", frame.to_csv(index=False))


def with_palette(path: Path) -> None:
    """Rewrite a picture file with the 256 colours that suit it."""
    with Image.open(path) as picture:
        plain = picture.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    plain.save(path, optimize=True, dpi=(300, 300))

"""How the headline reading of GuidedNet was chosen: what every candidate reached on validation.

The numbers were made by `python -m tools.choose_reading` and are in `figures/readings`.
"""

import pandas as pd
from matplotlib.axes import Axes

from guidednet.runs.environment import REPOSITORY
from guidednet.runs.workspace import Workspace
from guidednet.study.candidates import HEADLINE

FOLDER = "readings"
DATASETS = {"btcv": "BTCV, real CT", "amos": "AMOS phantoms"}
PARTS = {
    "validation": {"best_validation": "best", "last_validation": "last"},
    "test": {"test": "best", "last_test": "last"},
}
LABELS = {
    "validation_dice": "validation Dice (%)",
    "unlabelled_foreground": "unlabelled voxels called organ (%)",
    "posterior_dice": "Dice of the posterior, labelled (%)",
    "network_dice": "Dice of the network, labelled (%)",
}
SMOOTHED = 5  # values of the foreground: each is that of one batch


def candidate_tables(workspace: Workspace) -> dict[str, pd.DataFrame]:
    """The tables "runs" and "curves": this workspace's if it has them, else the project's."""
    folders = [workspace.figures / FOLDER, REPOSITORY / "figures" / FOLDER]
    folder = next(path for path in folders if (path / "runs.csv").is_file() or path == folders[-1])
    return {name: pd.read_csv(folder / f"{name}.csv") for name in ("runs", "curves")}


def means_over_seeds(runs: pd.DataFrame, cases: str = "validation") -> pd.DataFrame:
    """Mean Dice in percent of every reading on its "validation" or "test" cases, as in `runs`.

    Columns for each data set: the step that is best on validation, the last step, and the number of
    seeds. The choice rests on validation cases alone.
    """
    columns = PARTS[cases]
    parts = {}
    for dataset, title in DATASETS.items():
        groups = runs[runs["dataset"] == dataset].groupby("reading", sort=False)
        means = groups[list(columns)].mean().round(1).rename(columns=columns)
        parts[title] = means.assign(seeds=groups.size())
    table = pd.concat(parts, axis=1).reindex(runs["reading"].unique())
    return table.astype({column: "Int64" for column in table if column[1] == "seeds"})


def draw_course(
    axes: Axes, curves: pd.DataFrame, dataset: str, readings: dict[str, str], column: str
) -> None:
    """`column` of `curves` over the steps, a line for each of `readings` (a colour by name).

    The first seed; foreground is a running mean, in percent of the voxels, beside the labels'.
    """
    shown = curves[(curves["dataset"] == dataset) & (curves["seed"] == 0)]
    for name, colour in readings.items():
        line = shown[shown["reading"] == name].set_index("step")[column].dropna()
        if column.endswith("foreground"):
            line = line.rolling(SMOOTHED, min_periods=1).mean()
        shown_as = "GuidedNet, headline reading" if name == HEADLINE else name
        axes.plot(line.index, line, color=colour, label=shown_as, linewidth=1.5)
    if column.endswith("foreground"):
        true = shown["true_foreground"].mean()
        axes.axhline(true, color="black", linestyle=":", label="of the labels")
    axes.set(xlabel="step", ylabel=LABELS[column], title=DATASETS[dataset])

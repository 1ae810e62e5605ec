"""All methods at a labelled share of the user's choice, such as AMOS at 5 or 2 %, in one table."""

from collections.abc import Collection
from pathlib import Path

from guidednet import published
from guidednet.report.tables.captions import caption
from guidednet.report.tables.formats import write_table
from guidednet.report.tables.table import make_table
from guidednet.runs.resources import default_jobs
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.study.rows import comparison


def write_ratio_table(
    runs: RunStore,
    dataset: str,
    percent: float,
    seeds: int = 1,
    methods: Collection[str] | None = None,
    jobs: int | None = None,
    gpus: int = 0,
) -> Path:
    """Train missing runs and write <data set>_<percent>percent.csv, .md and .tex.

    The files go beside the profile's tables, and the table has the form of the paper's. Its last
    column is what others publish on the data set at this share, if anything is known. Rows of
    methods that are not among `methods` (None: all) are shown if their runs are finished, else as
    not run. Returns the path of the CSV file.
    """
    workspace = runs.workspace
    ratio = workspace.data(dataset).at(percent / 100)
    rows = comparison(workspace.profile, seeds, dataset, [ratio])
    configs = [config for row in rows for config in row.configs]
    wanted = [config for config in configs if methods is None or config.method in methods]
    needed = dict.fromkeys(
        run for config in wanted for run in runs.identity.with_warm_start(config)
    )
    train_runs(runs, list(needed), jobs or default_jobs(runs), gpus)
    name = f"{dataset}_{percent:g}percent"
    table = make_table(rows, runs, name, on_missing="blank")
    if means := published.means_on(dataset, percent):
        table["published_mean_dice"] = table["method"].map(means)
    text = caption(f"{dataset} at {percent:g} % labelled", rows, runs)
    write_table(table, workspace.figure_folder, name, text)
    return workspace.figure_folder / f"{name}.csv"

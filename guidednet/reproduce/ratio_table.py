"""All methods at a labelled share of the user's own, such as AMOS at 5 or 2 %: the runs, and a
table in the form of the paper's.
"""

from argparse import Namespace
from pathlib import Path

from guidednet.cli.options import methods_of, store_of
from guidednet.report.tables.captions import caption
from guidednet.report.tables.table import make_table, write_table
from guidednet.runs.resources import default_jobs
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.workspace import open_workspace
from guidednet.study.rows import comparison


def write_ratio_table(options: Namespace) -> Path:
    """Train what is missing and write <data set>_<percent>percent.csv, .md and .tex beside the
    profile's tables.

    `options` are those of `guidednet table`. Rows of methods that are not among `options.methods`
    are shown if their runs are finished, else as not run. Returns the path of the CSV file.
    """
    workspace = open_workspace(options.profile, options.data_root, options.results, options.steps)
    store, chosen = store_of(workspace, options), methods_of(options.methods)
    seeds, ratio = (
        options.seeds or workspace.profile.seeds,
        workspace.data(options.dataset).at(options.ratio / 100),
    )
    rows = comparison(workspace.profile, seeds, options.dataset, ratio)
    wanted = [
        config
        for row in rows
        for config in row.configs
        if chosen is None or config.method in chosen
    ]
    runs = dict.fromkeys(run for config in wanted for run in store.identity.with_warm_start(config))
    train_runs(store, list(runs), options.jobs or default_jobs(store), options.gpus)
    name = f"{options.dataset}_{options.ratio:g}percent"
    table = make_table(rows, store, name, on_missing="blank")
    text = caption(f"{options.dataset} at {options.ratio:g} % labelled", rows, store)
    write_table(table, workspace.figure_folder, name, text)
    return workspace.figure_folder / f"{name}.csv"

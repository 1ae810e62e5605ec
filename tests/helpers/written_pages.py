"""A page over a few written runs: Sup only, CPS and GuidedNet on six test cases and two seeds."""

import dataclasses

import numpy as np
import pandas as pd

from guidednet.data.datasets import organ_set
from guidednet.report.page import write_page
from guidednet.report.sections.contents import Contents
from guidednet.report.tables.captions import Caption
from guidednet.report.tables.formats import write_table
from guidednet.report.tables.table import make_table
from guidednet.runs.record import RecordedRuns
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config
from helpers.written_runs import METRICS, workspace, write_run

CASES = [f"t{number}" for number in range(6)]
METHODS = {"Sup only": "supervised", "CPS": "cps", "GuidedNet": "guidednet"}
MORE = {"supervised": 0.0, "cps": 0.0, "guidednet": 0.2}
SEEDS = (0, 1)


def random_scores(seed, more=0.0):
    """Scores of all cases and organs between 0.3 and 0.7, and `more`."""
    generator = np.random.default_rng(seed)
    lines = [
        ("primary", case, organ.name, metric, value, 9, 9)
        for case in CASES
        for organ in organ_set("flare22").by_label.values()
        for value in [more + generator.uniform(0.3, 0.7)]
        for metric in METRICS
    ]
    columns = "predictor case organ metric value reference_voxels predicted_voxels".split()
    return pd.DataFrame(lines, columns=columns)


def rows(seeds=SEEDS):
    """A row per method; Sup only has no unlabelled case."""
    return [
        Row(
            label,
            tuple(
                dataclasses.replace(
                    tiny_config(method), seed=seed, n_unlabelled=4 * (method != "supervised")
                )
                for seed in seeds
            ),
        )
        for label, method in METHODS.items()
    ]


def write_runs(folder):
    """The runs of all rows; returns their store."""
    for number, config in enumerate(config for row in rows() for config in row.configs):
        write_run(folder / "runs", config, found=random_scores(number, MORE[config.method]))
    return RecordedRuns(folder / "runs", workspace(folder))


def contents(folder):
    """What a page of Table 1 is made from, with its files."""
    runs = write_runs(folder)
    table = make_table(rows(), runs, "table1", "blank")
    write_table(table, runs.workspace.figure_folder, "table1", Caption("Table 1."))
    return Contents(*contents_of(folder))


def contents_of(folder):
    """The arguments of `write_page`, from runs and tables that are there already."""
    runs = RecordedRuns(folder / "runs", workspace(folder))
    artefacts = {
        "table1": Artefact(
            "10_table1_flare22", lambda profile, seeds: rows(), ("table1.csv", "table1.tex")
        )
    }
    configs = [config for row in rows() for config in row.configs]
    names = [run.folder.name for run in runs.finished(configs)]
    plan = pd.DataFrame({"run": names, "status": "finished", "hours": 0.0})
    return artefacts, plan, runs, len(SEEDS)


def written_page(folder):
    """The page of Table 1; returns its path."""
    contents(folder)
    return write_page(*contents_of(folder))

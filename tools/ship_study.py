"""Copy the finished runs of the study on real CT to the figures: numbers alone, no image.

    python -m tools.ship_study RESULTS [RESULTS ...] [--repeated NAME]

RESULTS are folders of runs (results/runs). A run of the study (guidednet.study.real_ct) that is not
shipped yet goes to figures/study/runs with its record, curves and scores; with --repeated, one that
is shipped already and was made again goes to figures/study/repeated/NAME, where NAME says on what.
Weights stay where they are. Then the table and the pictures of figures/study are made from the
shipped scores.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from guidednet.report.figures.real_ct import draw_organs, draw_second_device, draw_study
from guidednet.report.figures.save import save_figure
from guidednet.report.tables.real_ct import by_count_table, real_ct_table
from guidednet.report.tables.second_device import is_whole_study, second_device_table
from guidednet.runs.environment import REPOSITORY
from guidednet.runs.record import RecordedRuns, Run
from guidednet.study.real_ct import (
    BY_COUNT,
    FOLDER,
    REPEATED,
    SECOND_DEVICE,
    every_row,
    repeated_in,
    rows_by_count,
    runs_in,
    shipped_rows,
)
from guidednet.support.files import write_text

FILES = ("curves.csv", "scores.csv", "scores.json", "record.json")  # the record last


def ship(run: Run, folder: Path) -> None:
    """Copy the records and numbers of `run` to a folder of its name in `folder`."""
    target = folder / run.folder.name
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(run.folder / name, target / name)


def ship_missing(sources: Sequence[Path], figures: Path, repeated: str = "") -> list[str]:
    """Ship what `sources` have of the study, and return the names of the runs.

    If `repeated` names a way of computing, these are runs that are shipped already.
    """
    shipped = RecordedRuns(runs_in(figures))
    configs = [config for row in every_row() for config in row.configs]
    folder, names = runs_in(figures), []
    if repeated:
        folder = folder.parent / REPEATED / repeated
    for run in (run for found in map(RecordedRuns, sources) for run in found.finished(configs)):
        is_shipped = shipped.get(run.config) is not None
        if is_shipped == bool(repeated) and run.folder.name not in names:
            ship(run, folder)
            names.append(run.folder.name)
    return names


def write_study(figures: Path) -> Path:
    """Write the table and the pictures of the shipped runs, and return the path of the table."""
    folder = runs_in(figures).parent
    table = real_ct_table(shipped_rows(), RecordedRuns(runs_in(figures)))
    organs = list(shipped_rows()[0].configs[0].organs.columns)
    scores, means = ["method", "n_seeds"], table.columns.drop(organs)
    save_figure(draw_study(table), table[means], folder, "comparison")
    save_figure(draw_organs(table, organs), table[scores + organs], folder, "organs")
    write_second_device(figures)
    write_text(folder / "table.csv", table.to_csv(index=False))
    by_count = by_count_table(rows_by_count(), RecordedRuns(runs_in(figures)))
    write_text(folder / f"{BY_COUNT}.csv", by_count.to_csv(index=False))
    return folder / "table.csv"


def write_second_device(figures: Path) -> None:
    """Write the table and the picture of the study beside the whole of it on a second device.

    Nothing where no such runs are shipped.
    """
    rows = shipped_rows()
    for folder in (one for one in repeated_in(figures) if is_whole_study(rows, one)):
        shipped, again = RecordedRuns(runs_in(figures)), RecordedRuns(folder)
        table = second_device_table(rows, shipped, again)
        save_figure(draw_second_device(table), table, figures / FOLDER, SECOND_DEVICE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Ship, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="*", help="folders of finished runs")
    parser.add_argument("--figures", type=Path, default=REPOSITORY / "figures")
    parser.add_argument("--repeated", default="", help="ship runs made again, to a folder so named")
    options = parser.parse_args(arguments)
    for name in ship_missing(options.results, options.figures, options.repeated):
        print(f"shipped: {name}")
    print(f"table: {write_study(options.figures)}")


if __name__ == "__main__":
    main()

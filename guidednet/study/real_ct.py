"""The comparison on real CT (profile `study`): its rows, and where its shipped runs lie.

The data set is BTCV in the split of DHC (Wang et al., MICCAI 2023). Its scans may not be passed on;
records, curves and scores of all runs are in `figures/study/runs`.
"""

from pathlib import Path

from guidednet.runs.profile import Profile
from guidednet.runs.profiles import profile
from guidednet.study.rows import Row, comparison, method_row

DATASET = "btcv"
FOLDER = "study"  # in the folder of figures
REPEATED = "repeated"  # in that folder
COUNTS = (2, 4, 8)  # labelled cases, of the 20 training cases, that DHC's lists name
BY_COUNT = "by_count"  # the table of a few methods at each of them
SECOND_DEVICE = "second_device"  # the table of all runs beside those of a second device


def study_rows(chosen: Profile, seeds: int) -> list[Row]:
    """The rows of the comparison at the share of labelled cases of the profile `study`.

    Empty for a profile without its data set.
    """
    if DATASET not in chosen.data:
        return []
    ratio = chosen.data[DATASET].at(chosen.percent / 100)
    return comparison(chosen, seeds, DATASET, [ratio])


def shipped_rows() -> list[Row]:
    """The rows whose runs are shipped, whatever profile is at work."""
    chosen = profile("study")
    return study_rows(chosen, chosen.seeds)


def rows_by_count() -> dict[int, list[Row]]:
    """Sup only, CPS and GuidedNet at each of COUNTS, whichever of them have shipped runs."""
    chosen = profile("study")
    training = chosen.data[DATASET].training
    return {
        count: [
            method_row(chosen, chosen.seeds, DATASET, method, (count, training - count))
            for method in ("supervised", "cps", "guidednet")
        ]
        for count in COUNTS
    }


def every_row() -> list[Row]:
    """All rows that may have shipped runs, each once."""
    others = [row for rows in rows_by_count().values() for row in rows]
    return list(dict.fromkeys(shipped_rows() + others))


def runs_in(figures: Path) -> Path:
    """The folder of the shipped runs below a folder of `figures`."""
    return figures / FOLDER / "runs"


def repeated_in(figures: Path) -> list[Path]:
    """The folders of shipped runs that were made again, one for each way they were computed."""
    return sorted((figures / FOLDER / REPEATED).glob("*"))

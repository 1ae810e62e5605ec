"""The comparison on real CT (profile `study`): its rows, and where its shipped runs lie.

The data set is BTCV in the split of DHC (Wang et al., MICCAI 2023). Its scans may not be passed on;
records, curves and scores of all runs are in `figures/study/runs`. MagicNet's cubes do not fill the
crop of the others: its row has a crop of its own, and says so.
"""

from dataclasses import replace
from pathlib import Path

from guidednet.methods.magicnet import fitting_crop
from guidednet.runs.profile import Profile
from guidednet.runs.profiles import profile
from guidednet.study.rows import Row, comparison

DATASET = "btcv"
FOLDER = "study"  # in the folder of figures
OWN_CROP = ", crops of "  # in a label, before the crop of a row that has its own


def study_rows(chosen: Profile, seeds: int) -> list[Row]:
    """The rows of the comparison at the share of labelled cases of the profile `study`.

    Empty for a profile without its data set.
    """
    if DATASET not in chosen.data:
        return []
    ratio = chosen.data[DATASET].at(chosen.percent / 100)
    rows = comparison(chosen, seeds, DATASET, [ratio])
    return [in_whole_cubes(row) if row.configs[0].method == "magicnet" else row for row in rows]


def in_whole_cubes(row: Row) -> Row:
    """MagicNet's `row` with the nearest crop that its cubes fill, if they do not fill the row's."""
    own = row.configs[0]
    crop = fitting_crop(own.batch.crop, side=2**own.network.depth)
    if crop == own.batch.crop:
        return row
    batch = replace(own.batch, crop=crop)
    label = f"{row.label}{OWN_CROP}{' x '.join(map(str, crop))}"
    return replace(row, label=label, configs=tuple(replace(c, batch=batch) for c in row.configs))


def shipped_rows() -> list[Row]:
    """The rows whose runs are shipped, whatever profile is at work."""
    chosen = profile("study")
    return study_rows(chosen, chosen.seeds)


def runs_in(figures: Path) -> Path:
    """The folder of the shipped runs below a folder of `figures`."""
    return figures / FOLDER / "runs"


def repeated_in(figures: Path) -> Path:
    """The folder of shipped runs that another machine made again."""
    return figures / FOLDER / "repeated"

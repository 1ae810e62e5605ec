"""Figure 1b: are large organs segmented well? Organs ranked by size against organs ranked by Dice."""

import pandas as pd
from matplotlib.axes import Axes

from guidednet.data.case_store import CaseStore
from guidednet.data.organs import OrganSet
from guidednet.data.splits import Split


def organ_volumes(cases: CaseStore, split: Split, organs: OrganSet) -> pd.Series:
    """Mean volume in ml of each organ (by the paper's column) over the labelled training table that
    have it.
    """
    table = cases.table.loc[list(split.labelled)]
    voxel_ml = pd.Series(
        {case: pd.Series(cases.spacing(case)).prod() / 1000 for case in split.labelled}
    )
    volumes = table[organs.column_names].mul(voxel_ml, axis=0)
    return volumes.where(volumes > 0).mean().set_axis(organs.columns)


def rank_table(volumes: pd.Series, scores: pd.DataFrame, source: str) -> pd.DataFrame:
    """One line per organ: organ, volume_ml, the columns of `scores` (by organ: dice in percent and
    what it rests on), the ranks size_rank and dice_rank, 1 the largest and the best, and source.
    """
    table = scores.reindex(volumes.index)
    table.insert(0, "volume_ml", volumes)
    ranks = (
        table[["volume_ml", "dice"]]
        .rank(ascending=False, method="min")
        .set_axis(["size_rank", "dice_rank"], axis=1)
    )
    return (
        pd.concat([table, ranks], axis=1).rename_axis("organ").reset_index().assign(source=source)
    )


def draw_ranks(axes: Axes, table: pd.DataFrame, organs: OrganSet, title: str) -> None:
    """Each organ at its rank by size (across) and by Dice (down), in its colour; the dotted line is
    where both agree.
    """
    colours = {organ.column: organ.colour for organ in organs.by_label.values()}
    axes.plot([1, len(table)], [1, len(table)], linestyle=":", color="grey")
    for line in table.dropna(subset=["size_rank", "dice_rank"]).itertuples():
        axes.scatter(
            line.size_rank,
            line.dice_rank,
            s=30,
            color=colours[line.organ],
            edgecolors="black",
            linewidths=0.5,
            zorder=3,
        )
        axes.annotate(
            line.organ,
            (line.size_rank, line.dice_rank),
            xytext=(4, 2),
            textcoords="offset points",
            fontsize=7,
        )
    axes.set(xlabel="rank by volume (1: largest)", ylabel="rank by Dice (1: best)", title=title)
    axes.set(xlim=(0, len(table) + 2), ylim=(len(table) + 1, 0))

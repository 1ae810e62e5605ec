"""Figure 1b: are large organs segmented well? Organ ranks by size against ranks by Dice."""

import pandas as pd
from matplotlib.axes import Axes

from guidednet.data.case_store import CaseStore
from guidednet.data.organs import OrganSet
from guidednet.data.splits import Split


def organ_volumes(cases: CaseStore, split: Split, organs: OrganSet) -> pd.Series:
    """Mean volume in ml by the paper's organ column, over labelled cases that have the organ."""
    table = cases.table.loc[list(split.labelled)]
    voxel_ml = pd.Series(
        {case: pd.Series(cases.spacing(case)).prod() / 1000 for case in split.labelled}
    )
    volumes = table[organs.column_names].mul(voxel_ml, axis=0)
    return volumes.where(volumes > 0).mean().set_axis(organs.columns)


def rank_table(volumes: pd.Series, scores: pd.DataFrame, source: str) -> pd.DataFrame:
    """One line per organ: organ, volume_ml, columns of `scores`, size_rank, dice_rank and source.

    `scores` has a line per organ with dice in percent, its spread and its counts. Rank 1 is the
    largest organ or the best Dice.
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
    """Draw each organ in its colour at its rank by size (across) and by Dice (down).

    On the dotted line both ranks agree.
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

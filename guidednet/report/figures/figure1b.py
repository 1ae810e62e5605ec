"""Figure 1b: are large organs segmented well? Organ ranks by size against ranks by Dice."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from guidednet.data.case_store import CaseStore
from guidednet.data.organs import OrganSet
from guidednet.data.splits import Split
from guidednet.evaluation.statistics import rank_correlation


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
        .astype("Int64")
    )
    return (
        pd.concat([table, ranks], axis=1).rename_axis("organ").reset_index().assign(source=source)
    )


def draw_ranks(axes: Axes, table: pd.DataFrame, organs: OrganSet, title: str) -> None:
    """Draw each organ in its colour at its rank by size (across) and by Dice (down).

    On the dotted line both ranks agree. The rank correlation has its 95 % interval over organs.
    """
    colours = {organ.column: organ.colour for organ in organs.by_label.values()}
    axes.plot([1, len(table)], [1, len(table)], linestyle=":", color="grey")
    dot = {"s": 30, "edgecolors": "black", "linewidths": 0.5, "zorder": 3}
    halo = [withStroke(linewidth=2, foreground="white")]
    known = table.dropna(subset=["size_rank", "dice_rank"])
    for line in known.itertuples():
        place = (line.size_rank, line.dice_rank)
        axes.scatter(*place, color=colours[line.organ], **dot)
        beside = known["size_rank"].sub(place[0]).isin([1, 2]) & (known["dice_rank"] == place[1])
        side = {"xytext": (-4, 2), "ha": "right"} if beside.any() else {"xytext": (4, 2)}
        how = {"textcoords": "offset points", "fontsize": 7, "path_effects": halo}
        axes.annotate(line.organ, place, **side, **how)
    rho, low, high = rank_correlation(known["volume_ml"], known["dice"])
    said = f"Spearman's ρ = {rho:.2f} ({low:.2f} to {high:.2f})"
    axes.text(0.98, 0.98, said, transform=axes.transAxes, ha="right", va="top", fontsize=7)
    axes.set(xlabel="rank by volume (1: largest)", ylabel="rank by Dice (1: best)", title=title)
    axes.set(xlim=(0.4, len(table) + 1.5), ylim=(len(table) + 0.6, 0.4))


def draw_organ_sizes(axes: Axes, volumes: pd.DataFrame, organs: OrganSet) -> None:
    """Box plots of `volumes` (ml), a line per case and a column per organ's name, on a log scale.

    A case without an organ has no volume; how many there are stands above the box.
    """
    names = organs.column_names
    there = [volumes.loc[volumes[name] > 0, name] for name in names]
    drawn = axes.boxplot(there, patch_artist=True, showfliers=False)
    for box, label in zip(drawn["boxes"], organs.column_labels, strict=True):
        box.set_facecolor(organs.by_label[label].colour)
    for place, values in enumerate(there, start=1):
        absent = len(volumes) - len(values)
        if absent:
            said = f"absent in\n{absent} of {len(volumes)}"
            above = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "top"}
            axes.text(place, 0.98, said, fontsize=7, **above)
    axes.set(yscale="log", ylabel="volume (ml)")
    axes.set_xticks(range(1, len(names) + 1), organs.columns)

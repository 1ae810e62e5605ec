"""Tables in the paper's layout as LaTeX: cases, organs, mean ± sd of Dice and Jaccard."""

from collections.abc import Sequence

import pandas as pd

from guidednet.metrics import METRICS

BEST = (r"\textbf{{{}}}", r"\underline{{{}}}")  # the best and the second-best score of a column
DECIMALS = 2
SPECIAL = str.maketrans(
    {c: rf"\{c}" for c in "%_&#${}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "λ": r"$\lambda$",
    }
)


def latex_table(
    table: pd.DataFrame, caption: str, notes: Sequence[str] = (), label: str = "tab:guidednet"
) -> str:
    """`table` (as from `make_table`) as a table* that needs the package booktabs alone.

    A rule separates the ratios of labelled to unlabelled cases. In each score column, the best
    value of a ratio is bold and the second best underlined, as in the paper.
    """
    shown, ratio = paper_layout(table), _ratios(table)
    starts = ratio.ne(ratio.shift()) & (ratio.index != ratio.index[0])
    lines = []
    for starts_group, cells in zip(starts, shown.to_numpy(), strict=True):
        lines += [r"\midrule"] if starts_group else []
        lines.append(_line(cells))
    return "\n".join(
        [
            r"\begin{table*}",
            r"\centering",
            rf"\caption{{{escape(caption)}}}",
            rf"\label{{{label}}}",
            r"\footnotesize",
            r"\setlength{\tabcolsep}{3pt}",
            rf"\begin{{tabular}}{{lc{'r' * (shown.shape[1] - 2)}}}",
            r"\toprule",
            _line([escape(name) for name in shown.columns]),
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            *[rf"\par {escape(note)}\par" for note in notes],
            r"\end{table*}",
            "",
        ]
    )


def paper_layout(table: pd.DataFrame) -> pd.DataFrame:
    """The paper's columns as LaTeX text: method, cases, organs, Dice and Jaccard with their ± sd.

    A row without runs has "--". The sd is that over seeds, and is left out for a single one. A
    table with paired differences has them as a last column.
    """
    organs = list(table.columns[3 : table.columns.get_loc("mean_dice")])
    means = [metric for metric in METRICS.values() if metric.in_paper]
    means = [metric for metric in means if metric.mean_column in table]
    shown = pd.DataFrame({"Method": table["method"].map(escape), "Cases": _ratios(table)})
    for column in organs:
        shown[column] = _marked(table, column, table[column].map(_number))
    for metric in means:
        spread = table.get(metric.sd_column, pd.Series(float("nan"), index=table.index))
        cells = _marked(table, metric.mean_column, table[metric.mean_column].map(_number))
        shown[metric.mean_column.replace("mean_", "").capitalize()] = [
            cell if pd.isna(sd) else rf"{cell} $\pm$ {_number(sd)}"
            for cell, sd in zip(cells, spread, strict=True)
        ]
    if "difference" in table:
        shown["Difference"] = [
            _with_interval(*values)
            for values in table[["difference", "difference_low", "difference_high"]].to_numpy()
        ]
    return shown


def _with_interval(value: float, low: float, high: float) -> str:
    """ "+1.20 (+0.30 to +2.10)", with a minus as mathematics sets it."""
    if pd.isna(value):
        return "--"
    interval = "" if pd.isna(low) else f" ({low:+.{DECIMALS}f} to {high:+.{DECIMALS}f})"
    return f"{value:+.{DECIMALS}f}{interval}".replace("-", "$-$")


def _ratios(table: pd.DataFrame) -> pd.Series:
    """ "42/378" for each row."""
    return table["n_labeled"].astype(str) + "/" + table["n_unlabeled"].astype(str)


def _marked(table: pd.DataFrame, column: str, cells: pd.Series) -> pd.Series:
    """`cells` with the best two values of `column` marked among the rows of each ratio."""
    marked = cells.copy()
    for _, values in table[column].groupby([table["n_labeled"], table["n_unlabeled"]]):
        # a single row has no rival, and no row is best at an organ that no row finds
        best = values[values > 0].drop_duplicates().nlargest(2) if len(values) > 1 else ()
        for mark, value in zip(BEST, best, strict=False):
            same = values.index[values == value]
            marked[same] = [mark.format(cell) for cell in cells[same]]
    return marked


def _number(value: float) -> str:
    return "--" if pd.isna(value) else f"{value:.{DECIMALS}f}"


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def escape(text: str) -> str:
    """`text` without any meaning to LaTeX."""
    return text.translate(SPECIAL)

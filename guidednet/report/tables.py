"""From the scores of runs to a table in the paper's form, as CSV, Markdown and LaTeX."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from guidednet import paper
from guidednet.experiments import Row
from guidednet.files import write_text
from guidednet.organs import OrganSet, organ_set
from guidednet.records import Run
from guidednet.runs import RunStore

NOT_RUN = "not run"


def organ_scores(run: Run, metric: str, organs: OrganSet, predictor: str = "primary") -> pd.Series:
    """Mean of `metric` in percent by the paper's organ column: over the test cases that have the organ (NaN: none has)."""
    scores = run.scores().query("metric == @metric and predictor == @predictor")
    by_name = 100 * scores.groupby("organ")["value"].mean()
    names = [organs.by_label[label].name for label in organs.paper_order]
    return by_name.reindex(names).set_axis(organs.columns)


def table_row(row: Row, runs: list[Run]) -> dict[str, object]:
    """One line of a table: organ columns and means over seeds, sd over seeds (None for fewer than two seeds)."""
    config = row.runs[0]
    organs = organ_set(config.dataset)
    dice = pd.DataFrame([organ_scores(run, "dice", organs) for run in runs], columns=organs.columns)
    jaccard = pd.DataFrame([organ_scores(run, "jaccard", organs) for run in runs], columns=organs.columns)
    return {
        "method": row.label,
        "n_labeled": config.n_labelled,
        "n_unlabeled": config.n_unlabelled,
        **dice.mean(),
        "mean_dice": dice.mean(axis=1).mean(),
        "sd_dice": dice.mean(axis=1).std(),
        "mean_jaccard": jaccard.mean(axis=1).mean(),
        "sd_jaccard": jaccard.mean(axis=1).std(),
        "n_seeds": len(runs),
        "n_test_cases": runs[0].scores()["case"].nunique() if runs else 0,
    }


def make_table(rows: Iterable[Row], store: RunStore, item: str, on_missing: str = "train") -> pd.DataFrame:
    """The table `item` ("table3", ...): the paper's columns from our runs, then the paper's own means.

    Numbers are percent, rounded to two decimals; a row whose runs are missing has none and 0 seeds.
    """
    lines = []
    for row in rows:
        found = [store.get(config, on_missing) for config in row.runs]
        lines.append(table_row(row, [run for run in found if run is not None]))
    table = pd.DataFrame(lines)
    print_of_paper = paper.printed(item).set_index("method")
    for column in ("mean_dice", "mean_jaccard"):
        table[f"paper_{column}"] = table["method"].map(print_of_paper[column])
    return table.round(2)


def write_table(table: pd.DataFrame, folder: Path, name: str, caption: str) -> None:
    """Write `table` as <name>.csv, .md and .tex into `folder`; the caption says which profile, data, seeds and reading."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = readable(table)
    write_text(folder / f"{name}.csv", table.to_csv(index=False))
    write_text(folder / f"{name}.md", f"{caption}\n\n{markdown(shown)}\n")
    write_text(folder / f"{name}.tex", latex(shown, caption))


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The table as text: two decimals, the best of each score column **bold**, the second <u>underlined</u>, gaps named."""
    scores = [column for column in table.columns[3:] if column.split("_")[0] not in ("n", "sd", "paper")]
    shown = table.copy().astype(object)
    for column in table.columns[3:]:
        shown[column] = [_cell(value, column) for value in table[column]]
    for column in scores:
        for mark, value in zip(("**{}**", "<u>{}</u>"), table[column].drop_duplicates().nlargest(2), strict=False):
            if value > 0:
                shown.loc[table[column] == value, column] = mark.format(f"{value:.2f}")
    shown.loc[table["n_seeds"] == 0, scores] = NOT_RUN
    return shown


def _cell(value: float, column: str) -> str:
    if pd.isna(value):
        return "-"
    return str(int(value)) if column.startswith("n_") else f"{value:.2f}"


def markdown(shown: pd.DataFrame) -> str:
    """A Markdown table."""
    lines = [shown.columns, ["---"] * shown.shape[1], *shown.astype(str).to_numpy()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def latex(shown: pd.DataFrame, caption: str) -> str:
    """A LaTeX table (booktabs)."""
    body = shown.astype(str).replace({r"\*\*(.*)\*\*": r"\\textbf{\1}", "<u>(.*)</u>": r"\\underline{\1}"}, regex=True)
    lines = [" & ".join(line) + r" \\" for line in [shown.columns.str.replace("_", r"\_"), *body.to_numpy()]]
    head = [r"\begin{table}", rf"\caption{{{_escape(caption)}}}", rf"\begin{{tabular}}{{l{'r' * (shown.shape[1] - 1)}}}", r"\toprule"]
    return "\n".join([*head, lines[0], r"\midrule", *lines[1:], r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _escape(text: str) -> str:
    return text.replace("%", r"\%").replace("_", r"\_").replace("&", r"\&")

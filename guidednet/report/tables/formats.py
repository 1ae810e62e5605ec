"""A table as text and as files: CSV, Markdown and LaTeX."""

from pathlib import Path

import pandas as pd

from guidednet import published
from guidednet.metrics import METRICS, metrics_in
from guidednet.report.tables.captions import Caption
from guidednet.report.tables.latex import latex_table
from guidednet.report.tables.markup import markdown_cell, markdown_text
from guidednet.report.tables.table import NOT_RUN, RUN_KEYS
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row
from guidednet.support.files import write_text


def below_supervised(
    table: pd.DataFrame, rows: list[Row], runs: RunStore, points: float = 5.0
) -> str:
    """A Markdown list of rows far below "Sup only", each with a summary of its curves.

    A row is listed if its mean Dice is more than `points` below that of "Sup only" on the same
    labelled cases. Without such a row, the text is one sentence that says so.
    """
    lines = []
    for index, row in enumerate(rows):
        same = table[
            (table["method"] == "Sup only") & (table["n_labeled"] == table["n_labeled"][index])
        ]
        gap = same["mean_dice"].max() - table["mean_dice"][index]
        if gap > points:
            name = (
                f"{markdown_text(row.label)}, "
                f"{row.configs[0].n_labelled}+{row.configs[0].n_unlabelled}"
            )
            lines.append(
                f"* {name}: {gap:.1f} points below. {_course(runs.get(row.configs[0], 'fail'))}"
            )
    return (
        "\n".join(lines)
        or f"No row is more than {points:g} points of mean Dice below its supervised baseline."
    )


def _course(run: Run) -> str:
    """Summary of a run's curves: first and best validation Dice, and the largest loss term."""
    curves = run.curves().set_index("step")
    validation = curves["validation_dice"].dropna()
    terms = run.loss_terms().iloc[-1]
    return (
        f"Its validation Dice was {100 * validation.iloc[0]:.1f} % at step {validation.index[0]} "
        f"and at best {100 * validation.max():.1f} % at step {validation.idxmax()} "
        f"of {curves.index[-1]}; at the end its largest loss term was "
        f"'{terms.abs().idxmax()}' ({terms[terms.abs().idxmax()]:.3f})."
    )


def explain_columns(table: pd.DataFrame) -> str:
    """The meanings of the columns of `table`, as a Markdown list."""
    named = {METRICS[name].mean_column: metric for name, metric in METRICS.items()}
    lines = [
        f"* `{column}`: {metric.meaning}, in {metric.unit}; `{metric.sd_column}`: its sd over seeds"
        for column, metric in named.items()
        if column in table
    ]
    others = {
        "ci_low": "`ci_low` to `ci_high`: 95 % interval of the mean Dice over test cases and "
        "seeds, in %",
        "last_mean_dice": "`last_mean_dice`: mean Dice at the last step; the other scores are "
        "those of the step with the best validation Dice",
        "p_vs_guidednet": "`p_vs_guidednet`: p-value of a paired Wilcoxon test against GuidedNet "
        "over the same test cases, after Holm's correction",
        "paper_mean_dice": "`paper_...`: the published number for this row",
        RUN_KEYS: f"`{RUN_KEYS}` (in the CSV file): the keys of the row's runs, with which the "
        "names of their folders end",
    }
    return "\n".join(lines + [f"* {text}" for column, text in others.items() if column in table])


def write_table(table: pd.DataFrame, folder: Path, name: str, caption: Caption) -> None:
    """Write `table` to `folder` as <name>.csv, .md and .tex.

    The CSV contains only the numbers; the other two also have the caption and its notes. LaTeX has
    the paper's columns alone, and the label "tab:<name>".
    """
    folder.mkdir(parents=True, exist_ok=True)
    shown = readable(table)
    on_print = notes_on_print(name)
    write_text(folder / f"{name}.csv", table.to_csv(index=False))
    write_text(
        folder / f"{name}.md", caption.markdown(f"{markdown(shown)}\n\n{on_print}".strip()) + "\n"
    )
    write_text(
        folder / f"{name}.tex",
        latex_table(
            table,
            f"{caption.text} {on_print}".strip(),
            caption.notes,
            label=f"tab:{name}",
        ),
    )


def notes_on_print(item: str) -> str:
    """One paragraph on doubtful published numbers of `item` and the reasons; empty without any."""
    notes = published.footnotes(item)
    return f"Notes on the published numbers: {'; '.join(notes)}." if notes else ""


def print_text(item: str) -> str:
    """The published table as Markdown, with doubtful rows marked and the notes below."""
    table = published.printed(item).astype(object)
    if "note" in table:
        first = table.columns[0] if item != "figure6" else "value"
        table[first] = [
            name if pd.isna(note) else f"{name} (note)"
            for name, note in zip(table[first], table["note"], strict=True)
        ]
        table = table.drop(columns="note")
    return "\n\n".join([markdown(table), notes_on_print(item)]).strip()


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The table as text with two decimals (p-values with four), and "not run" as scores of gaps.

    In each score column the best value is **bold** and the second best <u>underlined</u>. The keys
    of the runs are left out.
    """
    table = table.drop(columns=RUN_KEYS, errors="ignore")
    organs = list(table.columns[3 : table.columns.get_loc("mean_dice")])
    shares = [METRICS[name].mean_column for name in metrics_in("%")]
    scores = [*organs, *(column for column in shares if column in table)]
    shown = table.copy().astype(object)
    for column in table.columns[3:]:
        shown[column] = [_cell(value, column) for value in table[column]]
    for column in scores:
        for mark, value in zip(
            ("**{}**", "<u>{}</u>"), table[column].drop_duplicates().nlargest(2), strict=False
        ):
            if value > 0:  # no row is best at an organ that no row finds
                shown.loc[table[column] == value, column] = mark.format(f"{value:.2f}")
    shown.loc[table["n_seeds"] == 0, scores] = NOT_RUN
    return shown


def _cell(value: float, column: str) -> str:
    if pd.isna(value):
        return "-"
    if column.startswith("n_"):
        return str(int(value))
    return f"{value:.4f}" if column.startswith("p_") else f"{value:.2f}"


def markdown(shown: pd.DataFrame) -> str:
    """A Markdown table; in its cells, only the marks of `readable` act as markup."""
    lines = [
        shown.columns,
        ["---"] * shown.shape[1],
        *shown.astype(str).map(markdown_cell).to_numpy(),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

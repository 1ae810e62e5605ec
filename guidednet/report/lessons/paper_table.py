"""The steps that the notebooks of Tables 1 to 4 share, from the runs to the checks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display

from guidednet import published
from guidednet.config import RunConfig
from guidednet.data.organs import OrganSet
from guidednet.report.figures.charts import draw_curves, draw_gains, draw_organ_gains
from guidednet.report.lessons.checks import Checks
from guidednet.report.lessons.durations import trained_in
from guidednet.report.lessons.numbers import text_table
from guidednet.report.tables.captions import caption
from guidednet.report.tables.checks import broken_scores
from guidednet.report.tables.differences import difference_table
from guidednet.report.tables.formats import (
    below_supervised,
    explain_columns,
    markdown,
    print_text,
    readable,
    write_table,
)
from guidednet.report.tables.table import NOT_RUN, cost_table, make_table
from guidednet.runs.profile import Profile
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace
from guidednet.study.rows import Row
from guidednet.support.files import write_text


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper: its rows, their runs, our scores and the published ones.

    `number` is that of the table, 1 to 4; `wanted` is the number of seeds of each row.
    """

    number: int
    rows: list[Row]
    runs: RunStore
    wanted: int
    table: pd.DataFrame

    @property
    def name(self) -> str:
        """The name of its files: "table1"."""
        return f"table{self.number}"

    @property
    def published(self) -> pd.DataFrame:
        """The numbers of the paper."""
        return published.printed(self.name)

    @property
    def of_paper(self) -> pd.DataFrame:
        """Our scores of the rows that the paper has."""
        return self.table.iloc[: len(self.published)]

    @property
    def organs(self) -> OrganSet:
        """The organs of its data set."""
        return self.rows[0].configs[0].organs

    @property
    def missing(self) -> list[str]:
        """The rows that the profile trains and that lack some of their runs."""
        found = zip(self.rows, self.table["n_seeds"], strict=False)  # rows from outside come last
        return [row.label for row, seeds in found if row.trained and seeds < self.wanted]

    def find(self, config: RunConfig) -> Run | None:
        """The finished run of `config`, if there is one."""
        return self.runs.get(config, "blank")

    @property
    def trained(self) -> dict[str, Run | None]:
        """The run of each row's first seed, by the row's label; None without one."""
        return {row.label: self.find(row.configs[0]) for row in self.rows}


def paper_table(
    number: int,
    rows_of: Callable[[Profile, int], list[Row]],
    profile: str,
    seeds: int,
    on_missing: str,
    last_is_reference: bool = False,
) -> PaperTable:
    """Table `number` at `profile` with the rows of `rows_of`; `on_missing` as for RunStore.get.

    p-values compare with the row "GuidedNet", or with the last row of a table that has none.
    """
    workspace = open_workspace(profile)
    runs, rows = RunStore(workspace), rows_of(workspace.profile, seeds)
    reference = rows[-1].label if last_is_reference else "GuidedNet"
    table = make_table(rows, runs, f"table{number}", on_missing, reference=reference)
    return PaperTable(number, rows, runs, seeds, table)


def show(shown: PaperTable) -> None:
    """Write the table's files; show its means, and folded all its columns with their meanings."""
    text = caption(f"Table {shown.number}", shown.rows, shown.runs)
    folder = shown.runs.workspace.figure_folder
    write_table(shown.table, folder, shown.name, text)
    display(Markdown(text.markdown(markdown(means_beside(shown.table)))))
    whole = f"{markdown(readable(shown.table))}\n\n{explain_columns(shown.table)}"
    display(folded(f"Table {shown.number} with every organ and metric", whole))
    display(Markdown(trained_in(shown.rows, shown.runs)))


def means_beside(table: pd.DataFrame) -> pd.DataFrame:
    """The columns that a reader compares first, as text; the paper's mean Dice if it has one."""
    best = readable(table)["mean_dice"]
    columns = {
        "method": table["method"],
        "labelled": table["n_labeled"].astype(str),
        "unlabelled": table["n_unlabeled"].astype(str),
        "mean Dice (%)": best,
        "95 % interval": _intervals(table),
        "p against GuidedNet": _numbers(table["p_vs_guidednet"], "{:.3f}"),
        "last step (%)": _numbers(table["last_mean_dice"], "{:.2f}"),
    }
    if "paper_mean_dice" in table:
        columns["paper (%)"] = _numbers(table["paper_mean_dice"], "{:.2f}")
    return pd.DataFrame(columns)


def _numbers(values: pd.Series, form: str) -> list[str]:
    return ["-" if pd.isna(value) else form.format(value) for value in values]


def _intervals(table: pd.DataFrame) -> list[str]:
    return [
        NOT_RUN if pd.isna(row.ci_low) else f"{row.ci_low:.2f} to {row.ci_high:.2f}"
        for row in table.itertuples()
    ]


def folded(summary: str, text: str) -> Markdown:
    """Markdown `text` that a click on `summary` unfolds."""
    return Markdown(f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>")


def show_published(shown: PaperTable) -> None:
    """Show the paper's table, folded, and draw its gains over the baseline beside ours."""
    display(folded(f"Table {shown.number} of the paper", print_text(shown.name)))
    gains = difference_table(shown.name, shown.rows, shown.find)
    _draw_beside(shown, draw_gains, gains, 1.2 + 0.24 * len(gains))


def draw_organs(shown: PaperTable) -> None:
    """Draw the gains of every organ, here and in the paper."""
    parts = {
        organ.column: difference_table(shown.name, shown.rows, shown.find, organ)
        for organ in shown.organs.by_label.values()
    }
    gains = pd.concat(parts, names=["organ"]).reset_index("organ")
    _draw_beside(shown, partial(draw_organ_gains, organs=shown.organs.columns), gains, 8)


def _draw_beside(
    shown: PaperTable, draw: Callable[..., None], gains: pd.DataFrame, height: float
) -> None:
    """Our gains left and the paper's right, on the same axes; "not run" without any of ours."""
    if gains.empty:
        display(Markdown("**not run**"))
        return
    size = {"figsize": (12, height), "sharex": True, "sharey": True}
    figure, axes = plt.subplots(1, 2, layout="constrained", **size)
    profile = shown.runs.workspace.profile.name
    paper = gains.assign(difference=gains["paper"], low=float("nan"), high=float("nan"))
    draw(axes[0], gains, title=f"here (profile {profile})")
    draw(axes[1], paper, title="paper, same share of labels")
    plt.show()


def draw_courses(shown: PaperTable, term: str, name: str) -> None:
    """Draw validation Dice and the loss term `term`, called `name`, of every row."""
    figure, axes = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
    draw_curves(axes[0], shown.trained, "validation_dice", "validation Dice (%)")
    draw_curves(axes[1], shown.trained, term, name)
    plt.show()


def draw_tenth(shown: PaperTable) -> None:
    """Say which rows fall far below "Sup only"; draw the courses with the fewest labelled cases."""
    display(Markdown(below_supervised(shown.table, shown.rows, shown.runs)))
    fewest = min(row.configs[0].n_labelled for row in shown.rows)
    found = {
        f"{row.label} {row.configs[0].n_labelled}+{row.configs[0].n_unlabelled}": run
        for row in shown.rows
        if row.configs[0].n_labelled == fewest and row.predictor == "primary"
        if (run := shown.runs.get(row.configs[0], "blank")) is not None
    }
    figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    draw_curves(axes, found, "validation_dice", "validation Dice (%)")
    plt.show()


def show_costs(shown: PaperTable) -> None:
    """Write and show, folded, the seconds per step and the peak memory of every row."""
    costs = cost_table(shown.rows, shown.runs)
    path = shown.runs.workspace.figure_folder / f"{shown.name}_cost.csv"
    write_text(path, costs.to_csv(index=False))
    named = text_table(costs[list(COST_NAMES)].rename(columns=COST_NAMES), digits=3)
    display(folded("Seconds per step and peak memory of each row", markdown(named)))


COST_NAMES = {
    "method": "method",
    "n_labeled": "labelled",
    "n_unlabeled": "unlabelled",
    "seconds_per_step": "seconds per step",
    "peak_memory_gib": "peak memory (GiB)",
    "device": "device",
}


def check(shown: PaperTable, checks: Checks, on_missing: str) -> None:
    """The checks of every table: its rows, its runs, its scores."""
    table, rows = shown.table, list(shown.of_paper["method"])
    checks.that(
        f"the first rows are those of the paper's Table {shown.number}, in its order",
        rows == list(shown.published["method"]),
        f"they are {rows}",
    )
    checks.that(
        "every row has all its runs, unless runs may be missing",
        on_missing == "blank" or not shown.missing,
        f"runs are missing in {shown.missing}; set on_missing to 'train'",
    )
    columns = [*shown.organs.columns, "mean_dice", "mean_jaccard", "nsd"]
    scores = table[columns].stack().dropna()
    outside = scores[~scores.between(0, 100)]
    checks.that(
        "every score lies between 0 and 100 %", outside.empty, f"outside: {outside.to_dict()}"
    )
    found = table.dropna(subset=["mean_dice", "mean_jaccard"])
    checks.that(
        "no mean Jaccard exceeds its mean Dice",
        (found["mean_jaccard"] <= found["mean_dice"]).all(),
        "the scores are damaged",
    )
    broken = broken_scores(shown.rows, shown.runs)
    checks.that("no run's scores contradict themselves", not broken, "; ".join(broken))


def best_rows(shown: PaperTable) -> str:
    """A sentence on the highest mean Dice here and in the paper, among the paper's rows."""
    ranked = shown.of_paper.dropna(subset="mean_dice")
    if ranked.empty:
        return "No run is finished"
    here, paper = (_best(part) for part in (ranked, shown.published))
    return f"The highest mean Dice here is that of {here}; in the paper it is that of {paper}"


def _best(table: pd.DataFrame) -> str:
    best = table.loc[table["mean_dice"].idxmax()]
    return (
        f"{best['method']} ({best['n_labeled']}+{best['n_unlabeled']}), {best['mean_dice']:.1f} %"
    )


def against(shown: PaperTable, method: str, other: str) -> str:
    """A sentence on the mean Dice of `method` minus that of `other`, here and in the paper.

    Both are taken where the fewest cases are labelled and the most are not.
    """
    here, paper = (_gain(part, method, other) for part in (shown.of_paper, shown.published))
    ours = "cannot be told here, because runs are missing" if pd.isna(here) else f"{here:+.2f} here"
    return f"{method} minus {other}, in points of mean Dice: {ours}, {paper:+.2f} in the paper"


def _gain(table: pd.DataFrame, method: str, other: str) -> float:
    fewest = table[table["n_labeled"] == table["n_labeled"].min()].sort_values("n_unlabeled")
    dice = fewest.drop_duplicates("method", keep="last").set_index("method")["mean_dice"]
    return dice[method] - dice[other]


def undecided(shown: PaperTable) -> str:
    """A sentence on how many rows differ from GuidedNet with p below 0.05."""
    p_values = shown.table["p_vs_guidednet"].dropna()
    return (
        f"{(p_values < 0.05).sum()} of {len(p_values)} rows differ from GuidedNet with p < 0.05, "
        "after Holm's correction"
    )

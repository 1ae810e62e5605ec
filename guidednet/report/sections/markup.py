"""HTML of the page: text is escaped, and a section has an anchor, a title and a body."""

import html
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import pandas as pd

HEADINGS = {
    "n_labeled": "labelled",
    "n_unlabeled": "unlabelled",
    "n_seeds": "seeds",
    "n_test_cases": "test cases",
    "mean_dice": "mean Dice, %",
    "sd_dice": "sd over seeds",
    "mean_jaccard": "mean Jaccard, %",
    "sd_jaccard": "sd over seeds",
    "ci_low": "95 % from",
    "ci_high": "95 % to",
    "last_mean_dice": "Dice of the last step, %",
    "p_vs_guidednet": "p against GuidedNet",
    "nsd": "surface Dice, %",
    "hd95": "HD95, mm",
    "false_positive_ml": "false positive, ml",
    "to_supervised": "difference to Sup only",
    "to_supervised_low": "95 % from",
    "to_supervised_high": "95 % to",
    "published": "published elsewhere, %",
    "paper_mean_dice": "paper's Dice, %",
    "paper_mean_jaccard": "paper's Jaccard, %",
}


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, its title in the contents, and the HTML below the title.

    `level` 2 is a chapter, 3 stands within the chapter above.
    """

    anchor: str
    title: str
    body: str
    level: int = 2

    def html(self) -> str:
        """The section with its title."""
        return (
            f'<section id="{self.anchor}"><h{self.level}>{text(self.title)}</h{self.level}>\n'
            f"{self.body}</section>"
        )


def text(value: object) -> str:
    """`value` as text without any meaning to HTML."""
    return html.escape(str(value))


def link(address: str, shown: str) -> str:
    """A link that shows a text."""
    return f'<a href="{text(address)}">{text(shown)}</a>'


def fold(summary: str, body: str, anchor: str = "") -> str:
    """A part that is closed until it is asked for; empty if `body` is."""
    place = f' id="{anchor}"' if anchor else ""
    return f"<details{place}><summary>{text(summary)}</summary>{body}</details>" if body else ""


def listed(items: Iterable[str], kind: str = "") -> str:
    """A list of HTML; empty without items."""
    lines = "".join(f"<li>{item}</li>" for item in items)
    style = f' class="{kind}"' if kind else ""
    return f"<ul{style}>{lines}</ul>" if lines else ""


def heading(column: str) -> str:
    """A column's name for readers."""
    return HEADINGS.get(column, column.replace("_", " "))


def plain_table(table: pd.DataFrame, show: dict[str, Callable[[Any], str]] | None = None) -> str:
    """`table` with readable headings, whole numbers as such and others with two decimals.

    Columns without any value are left out. `show` gives the HTML of the cells of some columns.
    """
    kept = table.dropna(axis=1, how="all")
    head = "".join(f"<th>{text(heading(column))}</th>" for column in kept)
    show = show or {}
    lines = [
        "".join(
            f'<td class="{_kind(value)}">{show.get(column, _cell)(value)}</td>'
            for column, value in zip(kept, line, strict=True)
        )
        for line in kept.astype(object).itertuples(index=False)
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    inner = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="wide"><table>{inner}</table></div>'


def _kind(value: object) -> str:
    return "text" if isinstance(value, str) else "number"


def _cell(value: object) -> str:
    if pd.isna(value):
        return "–"
    whole = isinstance(value, Integral) or (isinstance(value, float) and value.is_integer())
    return text(f"{value:.0f}" if whole else f"{value:.2f}" if isinstance(value, float) else value)


def signed(value: float) -> str:
    """A difference with its sign and one decimal; a rounded 0 has none."""
    return f"{value:+.1f}".replace("-", "−") if f"{abs(value):.1f}" != "0.0" else "0.0"


def with_interval(value: float, low: float, high: float) -> str:
    """ "+1.2 (−0.3 to +2.7)"; without an interval the value alone."""
    if pd.isna(value):
        return "–"
    return signed(value) + (
        "" if pd.isna(low) else f" {unbroken(f'({signed(low)} to {signed(high)})')}"
    )


def unbroken(words: str) -> str:
    """`words` that stay on one line."""
    return words.replace(" ", "\u00a0")

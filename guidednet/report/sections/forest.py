"""A forest plot in HTML: a strip per row, each mark at its share of the strip's width.

The strips stretch with the page, the type does not, so that a phone shows it as well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from guidednet.report.sections.markup import signed, text, with_interval
from guidednet.report.tables.table import NOT_RUN

HEIGHT = 26  # of a strip, in pixels
MIDDLE, DOTS = 10, 19  # heights of the interval and of the cases


@dataclass(frozen=True)
class Line:
    """A row: its name, the difference with its interval, `dots` (one per case), the paper's
    difference with its sd, whether it stands out, and what is said in place of a missing value.
    """

    name: str
    value: float
    low: float
    high: float
    dots: Sequence[float] = ()
    paper: float = float("nan")
    paper_sd: float = float("nan")
    ours: bool = False
    link: str = ""  # HTML instead of the name
    missing: str = NOT_RUN

    @property
    def extremes(self) -> list[float]:
        """Everything that the strip of our own values must hold."""
        return _known([self.value, self.low, self.high, *self.dots])

    @property
    def paper_extremes(self) -> list[float]:
        """Everything that the strip of the paper's values must hold."""
        spread = 0.0 if np.isnan(self.paper_sd) else self.paper_sd
        return _known([self.paper - spread, self.paper + spread])


@dataclass(frozen=True)
class Axis:
    """The range that all strips of a column share, and its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> str:
        """The place of `value` across the strip, in percent of its width."""
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}%"


def axis(values: Iterable[float]) -> Axis:
    """An axis that holds 0 and all `values`, with about five round ticks."""
    held = [0.0, *values]
    low, high = min(held), max(held)
    wide = max(high - low, 0.2)
    step = next(
        size
        for size in (m * 10.0**e for e in range(-2, 4) for m in (1, 2, 5))
        if wide / size <= 5.5
    )
    ticks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return Axis(low - 0.05 * wide, high + 0.05 * wide, tuple(float(tick) for tick in ticks))


def forest(groups: dict[str, Sequence[Line]], against: str, here: str) -> str:
    """The plot: a group of lines under each title, our own values left and the paper's right.

    `against` names the baseline, `here` what our own values rest on. A line without a value is
    shown with what its line says is missing. The paper's strip is left out if it has no value.
    """
    lines = [line for group in groups.values() for line in group]
    own = axis(value for line in lines for value in line.extremes)
    printed = [value for line in lines for value in line.paper_extremes]
    paper = axis(printed) if printed else None
    head = _row(
        "",
        f"<b>{text(here)}</b>",
        "",
        "<b>paper: patients</b>" if paper else "",
        "",
        kind="head",
    )
    bodies = [
        _row(f"<b>{text(title)}</b>", "", "", "", "", "group")
        + "".join(_line(line, own, paper) for line in group)
        for title, group in groups.items()
        if group
    ]
    unit = f"points of Dice above {text(against)}"
    foot = _row(
        "", _ticks(own) + unit, "", (_ticks(paper) + unit) if paper else "", "", kind="axis"
    )
    kind = "forest" if paper else "forest alone"
    rows = "".join([head, *bodies, foot])
    return f'<div class="{kind}" role="figure" aria-label="forest plot">{rows}</div>'


def _line(line: Line, own: Axis, paper: Axis | None) -> str:
    known = not np.isnan(line.value)
    printed = paper is not None and not np.isnan(line.paper)
    return _row(
        line.link or text(line.name),
        _strip(own, _marks(own, line)) if known else "",
        with_interval(line.value, line.low, line.high) if known else text(line.missing),
        _strip(paper, _diamond(paper, line)) if printed else "",
        signed(line.paper) if printed else "",
        kind="line ours" if line.ours else "line",
    )


def _row(name: str, own: str, value: str, paper: str, paper_value: str, kind: str) -> str:
    return (
        f'<div class="{kind}"><div class="name">{name}</div><div class="own">{own}</div>'
        f'<div class="value">{value}</div><div class="paper">{paper}</div>'
        f'<div class="paper-value">{paper_value}</div></div>'
    )


def _strip(scale: Axis, marks: str) -> str:
    grid = "".join(
        f'<line class="{"zero" if tick == 0 else "grid"}" x1="{scale.at(tick)}" '
        f'x2="{scale.at(tick)}" y1="0" y2="100%"/>'
        for tick in scale.ticks
    )
    return f'<svg width="100%" height="{HEIGHT}" aria-hidden="true">{grid}{marks}</svg>'


def _marks(scale: Axis, line: Line) -> str:
    dots = "".join(
        f'<circle class="case" cx="{scale.at(value)}" cy="{DOTS}" r="2.2"><title>{signed(value)}'
        "</title></circle>"
        for value in line.dots
    )
    interval = "" if np.isnan(line.low) else _interval(scale, line.low, line.high)
    mean = f'<circle class="mean" cx="{scale.at(line.value)}" cy="{MIDDLE}" r="4.5"/>'
    return dots + interval + mean


def _diamond(scale: Axis, line: Line) -> str:
    spread = line.paper_sd
    interval = (
        "" if np.isnan(spread) else _interval(scale, line.paper - spread, line.paper + spread)
    )
    # a nested svg without a size of its own, because only it can be placed by a share
    diamond = '<path class="mean" d="M0 -6 L6 0 L0 6 L-6 0 Z"/>'
    return (
        f'{interval}<svg x="{scale.at(line.paper)}" y="{MIDDLE}" overflow="visible">{diamond}</svg>'
    )


def _interval(scale: Axis, low: float, high: float) -> str:
    return (
        f'<line class="interval" x1="{scale.at(low)}" x2="{scale.at(high)}" y1="{MIDDLE}" '
        f'y2="{MIDDLE}"/>'
    )


def _ticks(scale: Axis) -> str:
    labels = "".join(
        f'<text x="{scale.at(tick)}" y="12" text-anchor="middle">'
        f"{f'{tick:g}'.replace('-', '−')}</text>"
        for tick in scale.ticks
    )
    return f'<svg width="100%" height="16" aria-hidden="true">{labels}</svg>'


def _known(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values if not np.isnan(value)]

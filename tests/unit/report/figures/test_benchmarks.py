"""The benchmarks' figures show what was measured."""

import matplotlib.pyplot as plt

from guidednet.report.figures.benchmarks import (
    benchmark_tables,
    comparisons,
    draw_comparisons,
    draw_growth,
    headline,
    other_findings,
)
from guidednet.runs.workspace import open_workspace


def test_benchmarks_are_drawn_as_they_were_measured():
    tables = benchmark_tables(open_workspace("smoke"))
    found, others = comparisons(tables), other_findings(tables)
    figure, (bars, growth) = plt.subplots(1, 2)
    draw_comparisons(bars, found)
    (dots,) = (drawn for drawn in bars.collections if len(drawn.get_offsets()) == len(found))
    assert dots.get_offsets()[:, 0].tolist() == found["ratio"].tolist() and len(found) > 5
    shown = headline(found)
    assert len(shown) == min(8, found["benchmark"].nunique()) and shown["benchmark"].is_unique
    part = tables["growth"][tables["growth"]["grows"] == tables["growth"]["grows"].iloc[0]]
    draw_growth(growth, part)
    assert growth.lines[0].get_ydata()[0] == growth.lines[1].get_ydata()[0] == 1
    figure.canvas.draw()
    for axis in (growth.xaxis, growth.yaxis):
        ticks = [tick.get_text() for tick in axis.get_ticklabels(which="both")]
        assert not any("10^" in text for text in ticks), "powers of ten would overlap"
    assert "difference" in others and len(others) and not set(others["what"]) & set(found["what"])
    assert other_findings({}).empty

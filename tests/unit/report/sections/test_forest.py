"""The forest plot: every mark stands where its value belongs on the axis below it."""

import math
import re

import pytest

from guidednet.report.sections.forest import Line, axis, forest

PLACE = r'="(-?[\d.]+)%"'


def line(name="CPS", **changes):
    values = {"value": 1.5, "low": -0.5, "high": 3.5, "dots": (-2.0, 5.0)}
    return Line(name, **(values | changes))


def value_at(html, place):
    """The value that a place across the strip stands for, from the ticks of the axis."""
    ticks = re.findall(rf"<text x{PLACE}[^>]*>([^<]+)</text>", html)
    (x0, first), *_, (x1, last) = [(float(x), float(t.replace("−", "-"))) for x, t in ticks]
    return first + (place - x0) / (x1 - x0) * (last - first)


def test_mean_interval_and_cases_stand_at_their_values():
    html = forest({"6 and 54": [line()]}, "Sup only", "here")
    mean = float(re.search(rf'class="mean" cx{PLACE}', html).group(1))
    low, high = re.search(rf'class="interval" x1{PLACE} x2{PLACE}', html).groups()
    dots = re.findall(rf'class="case" cx{PLACE}', html)
    found = [value_at(html, float(place)) for place in (mean, low, high, *dots)]
    assert found == pytest.approx([1.5, -0.5, 3.5, -2, 5], abs=0.02)
    assert "+1.5 (−0.5\u00a0to\u00a0+3.5)" in html
    assert 'class="zero"' in html and "forest alone" in html


def test_the_papers_difference_has_a_strip_of_its_own():
    html = forest({"": [line(paper=15.23, paper_sd=0.4)]}, "Sup only", "here")
    assert "forest alone" not in html and "+15.2" in html
    assert html.count('class="interval"') == 2


@pytest.mark.parametrize("values", [[], [0.0], [-0.01, 0.02], [-37.2, 4.0], [1e3]])
def test_an_axis_holds_zero_and_all_values_with_few_round_ticks(values):
    found = axis(values)
    assert all(found.low < value < found.high for value in (0.0, *values))
    assert 1 <= len(found.ticks) <= 7 and 0 in found.ticks
    assert all(found.low <= tick <= found.high for tick in found.ticks)


def test_a_line_without_a_value_is_not_run_and_names_are_escaped():
    nan = math.nan
    html = forest({"<g>": [Line("<b>x</b>", nan, nan, nan), line(low=nan, high=nan)]}, "<s>", "h")
    assert "not run" in html and "&lt;b&gt;x" in html and "<b>x" not in html
    assert "<g>" not in html and "<s>" not in html and 'class="interval"' not in html

"""Formulas become MathML, and one that cannot is refused instead of shown raw."""

import pytest

from guidednet.errors import NotebookError
from guidednet.report.notebook_page.mathematics import html_with_mathematics


def test_formulas_in_lines_blocks_and_tables_become_mathml():
    page = html_with_mathematics(
        "a $x_1$ b\n\n$$\\frac{1}{2}\\mu$$\n\n| t |\n|---|\n| $\\lVert f\\rVert$ |\n"
    )
    assert page.count("<math") == 3 and page.count('display="block"') == 1
    assert "$" not in page and "<mfrac>" in page and "&#x003BC;" in page


def test_an_unknown_command_is_refused():
    with pytest.raises(NotebookError, match=r"has the command \\nosuch, which MathML lacks"):
        html_with_mathematics(r"$\nosuch x$")


def test_markup_of_numbers_and_code_stays():
    page = html_with_mathematics("| a |\n|---|\n| <u>1.50</u> |\n\n```python\nx = 1\n```\n")
    assert "<u>1.50</u>" in page and 'class="highlight"' in page

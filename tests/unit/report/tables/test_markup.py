"""Marks of the best numbers survive the way to HTML."""

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from guidednet.report.notebook_page.write import write_notebook_page


def test_the_second_best_number_is_underlined_in_the_exported_page(tmp_path):
    path = tmp_path / "a.ipynb"
    table = "| method | Dice |\n|---|---|\n| a | **51.0** |\n| b | <u>49.43</u> |"
    nbformat.write(new_notebook(cells=[new_markdown_cell(table)]), path)
    write_notebook_page(path)
    page = path.with_suffix(".html").read_text("utf-8")
    assert "<u>49.43</u>" in page and "<u></u>" not in page

"""Marks of the best numbers survive the way to HTML."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from guidednet.report.notebook_page.write import write_notebook_page


def test_the_second_best_number_is_underlined_in_the_exported_page(tmp_path):
    path = tmp_path / "a.ipynb"
    table = "| method | Dice |\n|---|---|\n| a | **51.0** |\n| b | <u>49.43</u> |"
    shown = new_output("display_data", {"text/markdown": table, "text/plain": "Markdown"})
    cells = [new_markdown_cell(table), new_code_cell("show()", outputs=[shown])]
    nbformat.write(new_notebook(cells=cells), path)
    write_notebook_page(path)
    page = path.with_suffix(".html").read_text("utf-8")
    assert page.count("<u>49.43</u>") == 2 and "<u></u>" not in page

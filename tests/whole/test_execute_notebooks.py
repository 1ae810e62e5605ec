"""Notebooks are executed once for the same parameters, and one that fails says where."""

import os

import nbformat
import pytest

from guidednet.errors import InputError, NotebookError
from guidednet.report.execute_notebooks import Execution, execute, title
from helpers.paths import ROOT

METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def notebook_of(tmp_path, monkeypatch):
    """A function that writes a notebook with these cells in place of those of the project."""
    monkeypatch.setattr("guidednet.report.execute_notebooks.NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr("guidednet.report.execute_notebooks.REPOSITORY", tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{os.environ.get('PYTHONPATH', '')}")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "requirements.lock").write_text("numpy==1\n")

    def write(name, *cells):
        notebook = nbformat.v4.new_notebook(cells=list(cells), metadata=METADATA)
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
        return lambda **values: Execution(name, values, tmp_path / "executed", inputs={})

    return write


@pytest.fixture
def own_notebook(notebook_of):
    """How to execute a notebook that divides by its parameter."""
    parameters = nbformat.v4.new_code_cell("divisor = 1", metadata={"tags": ["parameters"]})
    execution = notebook_of(
        "divide",
        nbformat.v4.new_markdown_cell("# Division"),
        parameters,
        nbformat.v4.new_code_cell("print(84 // divisor)"),
    )
    return lambda divisor: execution(divisor=divisor)


def test_a_notebook_is_executed_once_for_the_same_parameters(own_notebook):
    execution = own_notebook(2)
    assert not execution.is_done() and execute(execution) == "divide"
    assert title(execution.executed) == "Division" and "42" in execution.executed.with_suffix(
        ".html"
    ).read_text(encoding="utf-8")
    assert execution.is_done() and not own_notebook(3).is_done()
    with pytest.raises(
        InputError, match=r"divide\.ipynb: parameter 'divisor' is 'two'; give a value of type int"
    ):
        execute(own_notebook("two"))


def test_a_failing_cell_is_one_sentence_and_the_copy_up_to_it_stays(own_notebook):
    execution = own_notebook(0)
    with pytest.raises(
        NotebookError, match=r"divide\.ipynb failed; see .*divide\.failed\.ipynb: ZeroDivisionError"
    ):
        execute(execution)
    assert (
        (execution.folder / "divide.failed.ipynb").is_file()
        and not execution.executed.exists()
        and not execution.is_done()
    )


BOX = """
from guidednet.report.lessons.checks import Checks
from guidednet.report.lessons.in_short import InShort

in_short = InShort()
"""
FILLED = """
checks = Checks()
checks.that("six times seven is 42", 6 * 7 == answer, "arithmetic is broken")
checks.report()
in_short.say(f"the answer is {answer}")
"""


def test_the_box_on_top_is_filled_by_the_last_cell_and_checks_are_counted(notebook_of):
    answer = nbformat.v4.new_code_cell("answer = 42", metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_code_cell(source) for source in (BOX, FILLED)]
    execution = notebook_of("box", nbformat.v4.new_markdown_cell("# Box"), answer, *cells)
    execute(execution())
    page = execution().executed.with_suffix(".html").read_text(encoding="utf-8")
    assert "<title>Box</title>" in page and "run all cells" not in page
    assert 0 < page.index("the answer is 42</li>") < page.index("1 of 1 checks hold")
    with pytest.raises(NotebookError, match=r"not so: six times seven is 42 \(arithmetic"):
        execute(execution(answer=41))

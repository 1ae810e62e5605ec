"""Notebooks are executed once for the same parameters, and one that fails says where."""

import nbformat
import pytest

from guidednet.errors import InputError, NotebookError
from guidednet.report.execute_notebooks import Execution, execute, title


@pytest.fixture
def own_notebook(tmp_path, monkeypatch):
    """A notebook that divides by its parameter, in place of those of the project; how to execute
    it.
    """
    monkeypatch.setattr("guidednet.report.execute_notebooks.NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr("guidednet.report.execute_notebooks.REPOSITORY", tmp_path)
    parameters = nbformat.v4.new_code_cell("divisor = 1", metadata={"tags": ["parameters"]})
    cells = [
        nbformat.v4.new_markdown_cell("# Division"),
        parameters,
        nbformat.v4.new_code_cell("print(84 // divisor)"),
    ]
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "requirements.lock").write_text("numpy==1\n")
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=metadata),
        tmp_path / "notebooks" / "divide.ipynb",
    )
    return lambda divisor: Execution(
        "divide", {"divisor": divisor}, tmp_path / "executed", inputs={}
    )


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

"""Notebooks in the tree are clean, have one cell of literal parameters, and refuse parameters they
do not have.
"""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from guidednet.errors import InputError
from guidednet.report.execute_notebooks import (
    NOTEBOOKS,
    WIDGET,
    check_parameters,
    parse_parameters,
    source,
    without_widgets,
)
from guidednet.study.artefacts import ARTEFACTS

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
PARAMETERS = {"profile", "seeds", "on_missing", "case", "image", "labels"}


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def parameter_cells(path):
    return [cell for cell in code_cells(path) if "parameters" in cell.metadata.get("tags", [])]


def test_every_item_has_its_notebook_and_every_notebook_an_item():
    assert {path.stem for path in PATHS} == {item.notebook for item in ARTEFACTS.values()}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_is_clean(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(path))
    assert "widgets" not in notebook.metadata and "papermill" not in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"
    assert not re.findall(r"/(?:home|root|Users|work|tmp)/", path.read_text(encoding="utf-8")), (
        "a path of one machine"
    )


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_one_cell_of_literal_parameters(path):
    (cell,) = parameter_cells(path)
    assignments = ast.parse(cell.source).body
    names = {statement.targets[0].id for statement in assignments}
    assert all(isinstance(statement.value, ast.Constant) for statement in assignments)
    assert "profile" in names and names <= PARAMETERS


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_imports_stand_in_one_cell_and_functions_in_the_package(path):
    importing = [
        cell
        for cell in code_cells(path)
        if any(
            isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(cell.source).body
        )
    ]
    assert len(importing) == 1
    for cell in code_cells(path):
        functions = [
            node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.FunctionDef)
        ]
        assert all(node.end_lineno - node.lineno < 6 for node in functions)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_last_code_cell_asserts(path):
    assert any(
        isinstance(node, ast.Assert) and node.msg
        for node in ast.walk(ast.parse(code_cells(path)[-1].source))
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"profil": "smoke"}, "no parameter 'profil'; use one of profile"),
        ({"seeds": "3"}, "parameter 'seeds' is '3'; give a value of type int"),
        ({"seeds": 0}, "parameter 'seeds' is 0; use a number from 1 to 100"),
        ({"profile": "fast"}, "parameter 'profile' is 'fast'; use one of smoke, quick"),
        ({"on_missing": "guess"}, "use one of train, blank, fail"),
    ],
)
def test_wrong_parameters_are_refused_before_the_run(values, message):
    with pytest.raises(InputError, match=message):
        check_parameters(source("12_table3_components"), values)


def test_an_executed_copy_has_no_widgets_and_keeps_its_pictures(tmp_path):
    widget = nbformat.v4.new_output(
        "display_data", {WIDGET: {"model_id": "1"}, "text/plain": "VBox()"}
    )
    picture = nbformat.v4.new_output(
        "display_data", {"image/png": "aGVsbG8=", "text/plain": "<Figure>"}
    )
    cells = [nbformat.v4.new_code_cell("x", outputs=[widget, picture])]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {"state": {}}})
    nbformat.write(notebook, tmp_path / "executed.ipynb")
    without_widgets(tmp_path / "executed.ipynb")
    (cell,) = nbformat.read(tmp_path / "executed.ipynb", as_version=4).cells
    assert (
        "interactive in JupyterLab" in cell.outputs[0].data["text/plain"]
        and WIDGET not in cell.outputs[0].data
    )
    assert (
        cell.outputs[1].data["image/png"] == "aGVsbG8="
        and "widgets" not in nbformat.read(tmp_path / "executed.ipynb", 4).metadata
    )


def test_unknown_notebook_is_refused():
    with pytest.raises(InputError, match="no such notebook; use one of 00_start_here"):
        source("99_missing")


def test_parameters_are_read_as_literals():
    assert parse_parameters(["seeds=3", "profile=smoke", "on_missing='blank'"]) == {
        "seeds": 3,
        "profile": "smoke",
        "on_missing": "blank",
    }
    with pytest.raises(InputError, match="write it as NAME=VALUE"):
        parse_parameters(["seeds"])


def test_notebook_files_are_canonical_json():
    for path in map(Path, PATHS):
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n", (
            f"{path.name}: reformatted by an editor"
        )

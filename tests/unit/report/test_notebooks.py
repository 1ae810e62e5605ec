"""Notebooks in the tree are clean, and have one cell of literal parameters."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from guidednet.report.execute_notebooks import NOTEBOOKS
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


def test_notebook_files_are_canonical_json():
    for path in map(Path, PATHS):
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n", (
            f"{path.name}: reformatted by an editor"
        )

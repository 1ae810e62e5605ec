"""Notebooks in the tree are clean, have one cell of literal parameters, say in short what they find
and count their checks.
"""

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


def tagged(path, tag):
    return [cell for cell in code_cells(path) if tag in cell.metadata.get("tags", [])]


def calls(cell):
    """The calls of a cell, as "checks.that", in the order of their lines."""
    found = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return [ast.unparse(node.func) for node in sorted(found, key=lambda node: node.lineno)]


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
    (cell,) = tagged(path, "parameters")
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
    assert importing == tagged(path, "colab") + tagged(path, "imports")
    for cell in code_cells(path):
        functions = [
            node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.FunctionDef)
        ]
        assert all(node.end_lineno - node.lineno < 6 for node in functions)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_box_stands_on_top_and_the_last_cell_fills_it_after_all_checks(path):
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].source.startswith("# ") and len(cells[0].source.splitlines()) == 1
    (imports,) = tagged(path, "imports")
    assert cells.index(imports) <= 3 and imports.source.endswith("in_short = InShort()")
    (last,) = tagged(path, "checks")
    assert last == cells[-1]
    made = calls(last)
    assert made.count("checks.that") + 5 * made.count("check") >= 3
    assert made.index("checks.report") < made.index("in_short.say") < made.index("display")
    assert "assert " not in last.source, "an assertion that is not counted"


def test_the_first_notebook_links_all_others():
    text = PATHS[0].read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((\d\d_\w+)\.ipynb\)", text))
    assert linked == {path.stem for path in PATHS[1:]}


def test_notebook_files_are_canonical_json():
    for path in map(Path, PATHS):
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n", (
            f"{path.name}: reformatted by an editor"
        )


@pytest.mark.parametrize("number", ["10", "11", "12", "13", "24"])
def test_a_table_is_drawn_as_differences_to_its_baseline(number):
    """Means from 0 hide what separates the rows."""
    (path,) = (path for path in PATHS if path.stem.startswith(number))
    made = {call for cell in code_cells(path) for call in calls(cell)}
    assert made & {"show_published", "draw_gains"}

"""Notebooks are executed with parameters that they have, and their copies keep pictures alone."""

import nbformat
import pytest

from guidednet.errors import InputError
from guidednet.report.execute_notebooks import (
    WIDGET,
    check_parameters,
    parse_parameters,
    source,
    without_widgets,
)
from guidednet.support.files import listed_paths


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
        "display_data",
        {WIDGET: {"model_id": "1"}, "text/plain": "View()", "image/png": "c3RhdGlj"},
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
        and cell.outputs[0].data["image/png"] == "c3RhdGlj"
    )
    assert (
        cell.outputs[1].data["image/png"] == "aGVsbG8="
        and "widgets" not in nbformat.read(tmp_path / "executed.ipynb", 4).metadata
    )


def test_paths_are_those_of_the_folder_in_which_they_were_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("ct.nii.gz", "Smith, J.nii.gz", "1.0"):
        (tmp_path / name).touch()
    found = parse_parameters(["image=1.0", "labels=ct.nii.gz,Smith, J.nii.gz"])
    assert found == {
        "image": f"{tmp_path}/1.0",
        "labels": f"{tmp_path}/ct.nii.gz,{tmp_path}/Smith, J.nii.gz",
    }
    assert listed_paths(found["labels"]) == found["labels"].split(",", 1)
    with pytest.raises(InputError, match="--set image=b.nii: there is no .*b.nii; give a path"):
        parse_parameters(["image=b.nii"])


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

"""The address of the repository stands once, and the notebooks for Colab have it."""

import ast
import json
import shutil
import sys
from types import SimpleNamespace

import pytest

from helpers.paths import ROOT
from tools.address import address, set_address, update_notebooks

FOR_COLAB = ["00", "02", "03", "04", "05", "30"]


def colab_cell(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    (cell,) = [cell for cell in cells if "colab" in cell["metadata"].get("tags", [])]
    assert cells.index(cell) == 1, "it comes right after the title"
    return "".join(cell["source"])


def notebooks(root):
    return [next((root / "notebooks").glob(f"{number}_*.ipynb")) for number in FOR_COLAB]


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_notebooks_have_the_address_of_pyproject():
    cells = {colab_cell(path) for path in notebooks(ROOT)}
    (source,) = cells
    assert f'ADDRESS = "{address(ROOT)}"' in source


def test_a_new_address_reaches_pyproject_and_every_cell(copy):
    for new in ("https://github.com/someone/guidednet", "https://example.org/other/name"):
        set_address(copy, new)
        assert [path.name[:2] for path in update_notebooks(copy)] == FOR_COLAB
        assert address(copy) == new
        assert all(f'ADDRESS = "{new}"' in colab_cell(path) for path in notebooks(copy))


@pytest.mark.parametrize("wrong", ["github.com/a/b", "https://a/b; rm x", "https://x", ""])
def test_what_is_no_address_is_refused(copy, wrong):
    with pytest.raises(ValueError, match="is no address"):
        set_address(copy, wrong)
    assert address(copy) == address(ROOT)


def run_cell(monkeypatch, source, in_colab):
    """The commands that the cell gives to a shell."""
    commands = []
    shell = SimpleNamespace(system=commands.append)
    monkeypatch.setattr(sys, "path", list(sys.path))
    if in_colab:
        monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    exec(compile(ast.parse(source), "cell", "exec"), {"get_ipython": lambda: shell})
    return commands


def test_the_cell_does_nothing_elsewhere_and_fetches_in_colab(copy, monkeypatch):
    set_address(copy, "https://github.com/someone/guidednet")
    update_notebooks(copy)
    source = colab_cell(notebooks(copy)[0])
    assert run_cell(monkeypatch, source, in_colab=False) == []
    clone, install = run_cell(monkeypatch, source, in_colab=True)
    assert clone.startswith("git clone --depth 1 https://github.com/someone/guidednet ")
    assert "pip install" in install and "[notebooks]" in install


def test_without_an_address_the_cell_says_so(monkeypatch):
    source = colab_cell(notebooks(ROOT)[0]).replace(address(ROOT) or "\0", "")
    with pytest.raises(AssertionError, match="no public address"):
        run_cell(monkeypatch, source, in_colab=True)

"""The Python code on every page of the docs runs from top to bottom."""

import matplotlib.pyplot as plt
import pytest

from guidednet.data.datasets import DATASETS
from guidednet.methods import METHODS
from guidednet.metrics import METRICS
from guidednet.study.artefacts import ARTEFACTS
from helpers.docs import PAGES, blocks


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """One results folder, so that phantoms are made once."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def restored():
    """The registries, as they were before a page added to them."""
    before = [(registry, dict(registry)) for registry in (METHODS, DATASETS, METRICS, ARTEFACTS)]
    yield
    for registry, content in before:
        registry.clear()
        registry.update(content)
    plt.close("all")


@pytest.mark.parametrize(
    "path", [path for path in PAGES if blocks(path, "python")], ids=lambda path: path.name
)
def test_python_on_a_page_runs_from_top_to_bottom(path, results, tmp_path, monkeypatch, restored):
    monkeypatch.chdir(tmp_path)
    for name in ("DATA_DIR", "RESULTS_DIR", "FIGURES_DIR"):
        monkeypatch.setenv(name, str(results / name))
    namespace = {"__name__": path.stem}
    for place, code in enumerate(blocks(path, "python"), start=1):
        exec(compile(code, f"{path.name}, block {place}", "exec"), namespace)

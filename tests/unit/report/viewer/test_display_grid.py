"""Phantoms are drawn again with small voxels: the same body, in the same place, only once."""

import numpy as np
import pytest

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.prepare import prepare
from guidednet.data.smooth_labels import one_hot, smooth_labels
from guidednet.metrics import dice
from guidednet.phantom import write_phantoms
from guidednet.report.viewer import display_grid
from guidednet.report.viewer.display_grid import drawn_phantom, drawn_voxel_mm
from guidednet.runs.workspace import open_workspace


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("display")
    write_phantoms(folder / "raw", "flare22", cases=1, labelled=1, voxel_mm=6.0)
    prepare(
        folder / "raw", folder / "store", "flare22", PrepareConfig(spacing_mm=(12.0, 12.0, 12.0))
    )
    return CaseStore(folder / "store")


def test_a_phantom_drawn_again_lies_where_it_was_prepared(store, tmp_path, monkeypatch):
    case = store.table.index[0]
    grid = drawn_phantom(tmp_path, store, case, voxel_mm=4.0)
    again = smooth_labels(
        one_hot(np.asarray(store.label(case)), 14), grid.prepared, grid.image.shape, grid.affine
    )
    assert np.nanmax(dice(again, grid.reference, 14)) > 0.85
    assert grid.image.shape == grid.reference.shape
    assert grid.said == "shown and measured on the phantom drawn at 4 mm"
    monkeypatch.setattr(display_grid, "make_case", None)  # the second time it is read
    np.testing.assert_array_equal(drawn_phantom(tmp_path, store, case, 4.0).image, grid.image)


def test_only_coarse_phantoms_are_drawn_again():
    quick = open_workspace("quick")
    assert drawn_voxel_mm(quick, "flare22") == 1.5
    assert drawn_voxel_mm(open_workspace("reference"), "flare22") is None

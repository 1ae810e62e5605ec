"""The presets of preparation are the paper's and the released code's."""

import dataclasses

import numpy as np
import pytest
import SimpleITK

from guidednet.config import from_dict
from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.nifti import Volume
from guidednet.data.prepare import prepare_image
from helpers.command_line import call_prepare
from helpers.volumes import blobs, save_five_cases

SPACING = ["--spacing", 5, 3, 3]


@pytest.fixture
def raw(tmp_path):
    return save_five_cases(tmp_path / "raw")


def test_official_preset_is_what_the_released_code_computes():
    """Against SimpleITK step by step: clip to [-325, 325], cubic B-spline, clip to [-22, 325],
    fixed z-score.
    """
    image, _, affine = blobs((40, 36, 24), (0.8, 0.8, 3.0))
    image = image.astype(np.float32) * 3 - 200
    config = PrepareConfig.official()
    prepared, new_affine = prepare_image(Volume(image, affine), config)
    scan = SimpleITK.GetImageFromArray(np.clip(image, -325, 325).transpose(2, 1, 0))
    scan.SetSpacing((0.8, 0.8, 3.0))
    grid = SimpleITK.Image(prepared.shape[::-1], SimpleITK.sitkUInt8)
    grid.SetSpacing(config.spacing_mm[::-1])
    grid.SetOrigin(new_affine[:3, 3].tolist())
    resampled = SimpleITK.Resample(scan, grid, SimpleITK.Transform(), SimpleITK.sitkBSpline)
    expected = (np.clip(SimpleITK.GetArrayFromImage(resampled), -22, 325) - 214.68231) / 100.240135
    assert config.spacing_mm == (2.5, 1.22250766, 1.22250766)
    np.testing.assert_allclose(prepared, expected, atol=2e-3)
    assert prepared.min() == pytest.approx((-22 - 214.68231) / 100.240135, abs=1e-5)


def test_presets_on_the_command_line(raw, tmp_path, monkeypatch):
    assert (
        call_prepare(monkeypatch, raw, tmp_path / "official", "--preset", "official", *SPACING) == 0
    )
    assert call_prepare(monkeypatch, raw, tmp_path / "paper", *SPACING) == 0
    official, paper = CaseStore(tmp_path / "official"), CaseStore(tmp_path / "paper")
    assert official.settings["spacing_mm"] == paper.settings["spacing_mm"] == [5.0, 3.0, 3.0]
    assert (
        official.image("FLARE22_Tr_0001").min() < -2 and paper.image("FLARE22_Tr_0001").min() == 0
    )
    assert "z_score" not in paper.settings  # as stores made before there were presets


def test_settings_survive_json_and_records_without_newer_fields_stay_readable():
    for config in (PrepareConfig(), PrepareConfig.official()):
        assert from_dict(PrepareConfig, dataclasses.asdict(config)) == config
    older = {
        "spacing_mm": [2.5, 1.25, 1.25],
        "hu_window": [-325.0, 325.0],
        "percentiles": [0.5, 99.5],
    }
    assert from_dict(PrepareConfig, older) == PrepareConfig()

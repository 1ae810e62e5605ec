"""Organs survive the way to the prepared grid and back at the voxel sizes of real scans."""

import pytest

from helpers.there_and_back import check_organs_after_the_way_there_and_back


@pytest.mark.parametrize("dataset", ["flare22", "amos"])
def test_organs_survive_the_way_there_and_back(dataset):
    check_organs_after_the_way_there_and_back(dataset, 1.0, (2.5, 1.25, 1.25))

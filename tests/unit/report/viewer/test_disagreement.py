"""Where two label maps differ: every voxel in one region, the largest first, centres inside."""

import numpy as np
import pytest

from guidednet.report.viewer.disagreement import all_pairs, compare, disagreements
from helpers.viewer_page import LIVER, PANCREAS, SPLEEN, scene


def test_regions_are_named_counted_and_sorted():
    found = compare(scene(), "GuidedNet", "reference")
    first, second = found.regions[:2]
    assert (first.organ, first.kind, first.voxels) == (PANCREAS, "missed", 48)
    assert (second.organ, second.kind, second.voxels) == (SPLEEN, "other organ", 8)
    assert [(region.organ, region.kind, region.centre) for region in found.regions[2:]] == [
        (SPLEEN, "false", (0, 39, 0)),
        (LIVER, "missed", (11, 27, 42)),
    ]
    assert found.more == 0
    labels = scene().labels
    wrong = np.count_nonzero(labels["GuidedNet"] != labels["reference"])
    assert sum(region.voxels for region in found.regions) == wrong


def test_dice_is_that_of_the_whole_volume():
    case = scene()
    found = compare(case, "GuidedNet", "reference").dice
    for label, value in found.items():
        name = case.organs.by_label[label].name
        assert value == pytest.approx(case.dice("GuidedNet")[name], nan_ok=True)


def test_the_centre_lies_in_a_region_that_is_bent():
    first, second = np.zeros((1, 9, 9), np.uint8), np.zeros((1, 9, 9), np.uint8)
    first[0, :, 0] = first[0, 0, :] = LIVER
    (region,), _ = disagreements(first, second)
    assert region.voxels == 17 and first[region.centre] == LIVER and region.kind == "false"


def test_two_organs_side_by_side_are_two_regions():
    first, second = np.zeros((1, 4, 4), np.uint8), np.zeros((1, 4, 4), np.uint8)
    second[0, :, :2], second[0, :, 2:] = LIVER, SPLEEN
    regions, more = disagreements(first, second)
    assert {region.organ for region in regions} == {LIVER, SPLEEN} and more == 0


def test_maps_that_agree_or_are_empty_have_no_regions(monkeypatch):
    assert compare(scene(), "CPS", "reference").regions == []
    empty = np.zeros((16, 40, 60), np.uint8)
    assert compare(scene(labels={"a": empty, "b": empty}), "a", "b").regions == []
    monkeypatch.setattr("guidednet.report.viewer.disagreement.MOST_REGIONS", 1)
    found = compare(scene(), "GuidedNet", "reference")
    assert len(found.regions) == 1 and found.more == 3


def test_every_pair_is_compared():
    assert len(list(all_pairs(scene()))) == 6

"""A prediction follows the scan through the 40 axis orders that the test in tests/unit leaves out."""

import pytest
import torch

from helpers.prediction import check_that_prediction_follows_the_scan
from helpers.tiny_runs import save_run
from helpers.volumes import AXIS_ORDERS


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    torch.manual_seed(0)
    return save_run(tmp_path_factory.mktemp("run"), "cps")


OTHERS = [order for place, order in enumerate(AXIS_ORDERS) if place % 6]


@pytest.mark.parametrize("order", OTHERS, ids=str)
def test_prediction_follows_the_scan_through_all_48_axis_orders(order, run_folder, tmp_path):
    check_that_prediction_follows_the_scan(order, run_folder, tmp_path)

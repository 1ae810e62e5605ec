"""Which processes and GPUs a run gets from --gpus, --jobs, --processes and --cluster."""

from argparse import Namespace

import pytest

from guidednet.cli.options import device_of, processes_of
from guidednet.errors import InputError


@pytest.mark.parametrize(
    ("options", "processes"),
    [
        ({}, 1),
        ({"processes": 2, "jobs": 3}, 2),
        ({"gpus": 4}, 4),
        ({"gpus": 4, "jobs": 1}, 4),
        ({"gpus": 4, "jobs": 4}, 1),
        ({"gpus": 1, "jobs": 3}, 1),
        # there jobs mean nothing: each run is a task of its own
        ({"gpus": 2, "jobs": 3, "cluster": "slurm"}, 2),
    ],
)
def test_gpus_are_shared_by_each_training_or_by_the_jobs(options, processes):
    assert (
        processes_of(
            Namespace(**{"gpus": 0, "processes": 1, "jobs": None, "cluster": None} | options)
        )
        == processes
    )


def test_jobs_that_cannot_share_the_gpus_are_refused():
    with pytest.raises(
        InputError, match=r"--jobs 3: .* share --gpus 2 evenly; use 1 .* or a multiple of 2"
    ):
        processes_of(Namespace(gpus=2, processes=1, jobs=3))


def test_a_clusters_gpus_are_not_looked_for_here():
    assert device_of(8, elsewhere=True).type == "cuda"

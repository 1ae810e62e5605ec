"""Which processes and GPUs a run gets from --gpus, --jobs, --processes and --cluster."""

from argparse import Namespace

import pytest
import torch

from guidednet.cli.options import device_of, processes_of
from guidednet.errors import InputError
from guidednet.networks import NetworkConfig
from guidednet.runs.profiles import PROFILES
from guidednet.runs.resources import default_jobs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace
from guidednet.study.plan import operations_per_voxel, seconds_per_voxel
from helpers.tiny_runs import TinyWorkspace


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


@pytest.mark.skipif(
    torch.cuda.is_available(), reason="this machine has a GPU, which is measured instead"
)
def test_a_clusters_gpu_is_planned_with_an_assumed_speed():
    network = NetworkConfig(width=4, depth=3)
    seconds = seconds_per_voxel(network, 14, device_of(1, elsewhere=True))
    assert seconds == operations_per_voxel(network, 14) / 20e12


@pytest.mark.parametrize(
    ("name", "gigabytes", "jobs"),
    [("quick", 8, 4), ("quick", 3.5, 3), ("paper", 24, 1), ("paper", 40, 2), ("paper", 4, 1)],
)
def test_side_by_side_go_as_many_as_cores_and_memory_allow(
    name, gigabytes, jobs, monkeypatch, tmp_path
):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal:  99 kB\nMemAvailable:  {int(gigabytes * 1e6)} kB\n")
    monkeypatch.setattr("guidednet.runs.resources.MEMORY", meminfo)
    monkeypatch.setattr("guidednet.runs.resources.cores", lambda: 4)
    workspace = Namespace(profile=PROFILES[name]())
    assert (
        default_jobs(Namespace(device=torch.device("cpu"), processes=1, workspace=workspace))
        == jobs
    )


def test_notebooks_train_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setattr("guidednet.training.device.torch.cuda.device_count", lambda: 2)
    monkeypatch.setenv("GPUS", "2")
    store = RunStore(TinyWorkspace(tmp_path))
    assert store.device.type == "cuda" and store.processes == 2
    assert RunStore(TinyWorkspace(tmp_path), "cpu").processes == 1
    monkeypatch.setenv("GPUS", "3")
    with pytest.raises(InputError, match="torch finds 2 on this machine"):
        RunStore(TinyWorkspace(tmp_path))
    monkeypatch.setenv("GPUS", "all")
    with pytest.raises(InputError, match="GPUS is 'all'; give a whole number, or unset it"):
        RunStore(TinyWorkspace(tmp_path))


@pytest.mark.parametrize("text", ["0", "-1", "many"])
def test_no_training_of_no_steps(text, monkeypatch):
    monkeypatch.setenv("TRAINING_STEPS", text)
    message = f"TRAINING_STEPS is '{text}'; give a whole number of at least 1, or unset it"
    with pytest.raises(InputError, match=message):
        open_workspace("smoke")

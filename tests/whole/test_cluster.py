"""Runs as tasks of a cluster, by submitit's executor for one machine: each run a task, one sentence
for a mistake.
"""

import json

import pytest

from guidednet.errors import InputError
from guidednet.report.execute_notebooks import parse_parameters
from helpers.reproduction import said, start, succeeded


def test_each_run_is_a_task(tmp_path):
    succeeded(
        start(tmp_path, "--cluster", "local", "--cluster-option", "timeout_min=5", item="start"),
        tmp_path,
    )
    records = sorted((tmp_path / "results" / "runs").glob("*/record.json"))
    assert (
        len(records) == 2
        and len(list((tmp_path / "results" / "cluster").glob("*_submitted.pkl"))) == 2
    )
    assert {json.loads(path.read_text())["config"]["method"] for path in records} == {"supervised"}
    assert (tmp_path / "results" / "smoke" / "notebooks" / "00_start_here.html").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cluster", "pbs"), "unknown --cluster 'pbs': use one of slurm, local"),
        (("--cluster", "slurm"), "--cluster slurm: "),
        (
            ("--cluster", "local", "--cluster-option", "gpus"),
            "--cluster-option gpus: not an assignment; write it as NAME=VALUE",
        ),
        (("--cluster", "local", "--cluster-option", "speed=9"), "--cluster local: "),
    ],
)
def test_a_mistake_gets_one_sentence(options, message, tmp_path):
    assert start(tmp_path, *options, item="start").wait() == 2
    assert message in said(tmp_path).strip().splitlines()[-1]


def test_parameters_are_numbers_where_they_look_like_it():
    assert parse_parameters(["timeout_min=60", "slurm_partition=gpu"]) == {
        "timeout_min": 60,
        "slurm_partition": "gpu",
    }
    with pytest.raises(InputError, match="write it as NAME=VALUE"):
        parse_parameters(["=3"])

"""Runs as tasks of a cluster, by submitit's executor for one machine: the same tables, nothing
twice, one sentence for a mistake.
"""

import json

import pytest
from reproduction import said, start, succeeded

from guidednet.errors import InputError
from guidednet.report.execute_notebooks import parse_parameters

pytestmark = pytest.mark.whole


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


@pytest.mark.slow
def test_two_starts_at_once_train_nothing_twice_and_make_the_same_table(tmp_path):
    succeeded(start(tmp_path / "plain"), tmp_path / "plain")
    both = [start(tmp_path / "cluster", "--cluster", "local") for _ in range(2)]
    for process in both:
        succeeded(process, tmp_path / "cluster")
    tables = [
        (tmp_path / name / "figures" / "smoke" / "table3.csv").read_bytes()
        for name in ("plain", "cluster")
    ]
    assert tables[0] == tables[1]
    logs = "".join(
        path.read_text()
        for path in (tmp_path / "cluster" / "results" / "cluster").glob("*_log.out")
    )
    runs = len(list((tmp_path / "cluster" / "results" / "runs").glob("*/record.json")))
    assert logs.count("trained ") == runs == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cluster", "pbs"), "--cluster pbs: use one of slurm, local"),
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

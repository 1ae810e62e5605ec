"""Several processes: the same results as one, and none that outlives the process that started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from guidednet.errors import WorkerLostError
from guidednet.processes.workers import gpu_of_each, in_parallel, one_thread
from helpers.paths import ROOT
from helpers.worker_tasks import die, refuse, square, visible_gpu


def test_two_processes_do_what_one_does():
    assert sorted(in_parallel(square, range(5), workers=2)) == list(
        in_parallel(square, range(5), workers=1)
    )


def test_the_first_exception_arrives():
    with pytest.raises(ValueError, match="no"):
        list(in_parallel(refuse, range(3), workers=2))


def test_a_killed_worker_is_one_sentence():
    with pytest.raises(WorkerLostError, match="fewer --jobs"):
        list(in_parallel(die, range(3), workers=2))


def is_running(process):
    """Whether it runs; what has ended and waits to be collected does not."""
    status = Path(f"/proc/{process}/stat")
    return (
        status.exists() and status.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    )


SCRIPT = """
import sys
from pathlib import Path

from guidednet.processes.workers import in_parallel
from helpers.worker_tasks import write_name_and_wait

if __name__ == "__main__":
    list(in_parallel(write_name_and_wait, [Path(sys.argv[1])] * 2, 2))
"""


@pytest.mark.whole
@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="reads /proc, which this system lacks"
)
def test_workers_end_with_a_killed_parent(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    names = tmp_path / "names"
    names.mkdir()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    parent = subprocess.Popen([sys.executable, script, names], env=environment)
    wait_until(lambda: len(list(names.iterdir())) == 2)
    parent.kill()
    parent.wait()
    workers = [int(path.name) for path in names.iterdir()]
    wait_until(lambda: not any(map(is_running, workers)))


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


def test_one_thread_inside_and_as_before_after():
    torch.set_num_threads(2)
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("outside", "seen"), [("", {"0", "1"}), ("5,3,4", {"5", "3"})])
def test_each_worker_sees_one_gpu_of_those_that_it_may_use(outside, seen, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", outside)
    assert set(in_parallel(visible_gpu, range(6), workers=2, gpus=2)) == seen
    assert set(gpu_of_each(4, 2)) == seen and gpu_of_each(2, 0) == [None, None]

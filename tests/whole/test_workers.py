"""No worker process outlives the process that started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.paths import ROOT


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

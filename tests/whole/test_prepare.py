"""Preparation goes on where killed processes left it."""

import os
import signal
import subprocess
import sys
import time

from guidednet.data.case_store import PrepareConfig
from guidednet.data.prepare import prepare
from helpers.folders import files
from helpers.volumes import save_case

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))


SCRIPT = """
import sys
from pathlib import Path
from guidednet.data.prepare import prepare
from guidednet.data.case_store import PrepareConfig
if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]), "flare22", PrepareConfig(spacing_mm=(5.0, 3.0, 3.0)), workers=2)
"""


def test_killed_processes_leave_what_can_be_gone_on_with(tmp_path):
    """SIGKILL of all processes after the first case: no warning, no clean-up."""
    raw, parts = tmp_path / "raw", tmp_path / "parts"
    for number in range(1, 41):
        save_case(raw, number)
    (tmp_path / "script.py").write_text(SCRIPT)
    path = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, str(tmp_path / "script.py"), str(raw), str(parts)]
    process = subprocess.Popen(
        command, start_new_session=True, env=os.environ | {"PYTHONPATH": path}
    )
    while process.poll() is None and not list(parts.glob("cases/*/case.json")):
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (parts / "cases.csv").exists()  # else it was killed too late to show anything
    prepare(raw, parts, "flare22", CONFIG)
    prepare(raw, tmp_path / "whole", "flare22", CONFIG)
    assert files(parts) == files(tmp_path / "whole")

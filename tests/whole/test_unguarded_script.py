"""A script that forgets `if __name__ == "__main__":` gets a sentence, not an endless wait."""

import os
import subprocess
import sys

from helpers.paths import ROOT

SCRIPT = """
import guidednet

workspace = guidednet.open_workspace("smoke", results="results")
workspace.cases("flare22")
"""


def test_worker_processes_that_import_an_unguarded_script_say_so(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode != 0
    assert 'put its calls of guidednet below if __name__ == "__main__":' in done.stderr

"""The command `guidednet split` writes lists of cases."""

import subprocess
import sys

from guidednet.data.splits import read_lists
from helpers.releases import save_releases


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "guidednet", *map(str, arguments)], capture_output=True, text=True
    )


def test_the_command_writes_lists(tmp_path):
    save_releases(tmp_path / "data")
    raw = tmp_path / "data" / "flare22"
    done = command("split", raw, "--dataset", "flare22", "--seed", 3)
    assert done.returncode == 0 and "12 train, 1 validation, 1 test cases" in done.stdout, (
        done.stderr
    )
    assert len(read_lists(raw / "split.csv").train) == 12
    refused = command(
        "split", raw, "--dataset", "flare22", "--released", "-o", tmp_path / "released.csv"
    )
    assert (
        refused.returncode == 2
        and "case train_000 does not exist" in refused.stderr
        and not (tmp_path / "released.csv").exists()
    )

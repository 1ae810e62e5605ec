"""A training process that is killed and started again ends with the same bytes."""

import os
import signal
import subprocess
import sys
import time

from guidednet.training.loop import train
from helpers.cases import SPLIT, BlobStore
from helpers.paths import ROOT
from helpers.tiny_runs import result_bytes, tiny_config

KILL_ME = """
import sys
from pathlib import Path
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import tiny_config
from guidednet.training.loop import train
import torch
torch.set_num_threads(1)
train(tiny_config("guidednet", steps=30, checkpoint_every=1, validate_every=7), BlobStore(), SPLIT, Path({folder!r}))
"""


def test_kill_9_and_again_gives_the_same_bytes(tmp_path):
    """A real process, really killed, a few times at arbitrary moments."""
    train(
        tiny_config("guidednet", steps=30, checkpoint_every=1, validate_every=7),
        BlobStore(),
        SPLIT,
        tmp_path / "whole",
    )
    folder = tmp_path / "killed"
    code = KILL_ME.format(folder=str(folder))
    kills = 0
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        )
        seen = (folder / "checkpoint.pt").stat().st_mtime_ns if kills else 0
        while process.poll() is None and kills < 2:
            if (folder / "checkpoint.pt").exists() and (
                folder / "checkpoint.pt"
            ).stat().st_mtime_ns > seen:
                time.sleep(0.05)
                process.send_signal(signal.SIGKILL)
                kills += process.wait() == -signal.SIGKILL
                break
            time.sleep(0.002)
        if process.wait() == 0:
            break
    assert kills == 2
    assert result_bytes(folder) == result_bytes(tmp_path / "whole")

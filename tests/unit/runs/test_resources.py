"""As many runs go side by side as cores and memory allow."""

from argparse import Namespace

import pytest
import torch

from guidednet.runs.profiles import PROFILES
from guidednet.runs.resources import default_jobs, in_software


@pytest.mark.parametrize(
    ("name", "gigabytes", "jobs"),
    [("quick", 8, 4), ("quick", 3.5, 3), ("paper", 24, 1), ("paper", 40, 2), ("paper", 4, 1)],
)
def test_side_by_side_go_as_many_as_cores_and_memory_allow(
    name, gigabytes, jobs, monkeypatch, tmp_path
):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal:  99 kB\nMemAvailable:  {int(gigabytes * 1e6)} kB\n")
    monkeypatch.setattr("guidednet.runs.memory.MEMORY", meminfo)
    monkeypatch.setattr("guidednet.runs.resources.cores", lambda: 4)
    workspace = Namespace(profile=PROFILES[name]())
    assert (
        default_jobs(Namespace(device=torch.device("cpu"), processes=1, workspace=workspace))
        == jobs
    )


def test_a_cpu_without_instructions_for_half_precision_is_told_from_others(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert in_software("bf16", "cpu") and in_software("fp16", "cpu")
    assert not in_software("fp32", "cpu") and not in_software("bf16", "cuda")

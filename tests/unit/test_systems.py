"""What macOS and Windows do differently, simulated: they lack it, or count in other units.

No test here ran on these systems; the documentation says so.
"""

import ctypes
import errno
import fcntl
import multiprocessing
import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from guidednet.evaluation.folders import score_folder
from guidednet.predict import segment
from guidednet.processes import workers
from guidednet.runs import provenance
from guidednet.support import files
from guidednet.training.device import device_of
from helpers.tiny_runs import save_run
from helpers.volumes import blobs, save

GONE, ALIVE, OTHERS = 101, 102, 103  # processes


class Kernel:
    """What is_running asks Windows."""

    def OpenProcess(self, access, inherit, process):  # noqa: N802
        return {GONE: 0, OTHERS: 0}.get(process, process)

    def GetLastError(self):  # noqa: N802
        return self.error

    def WaitForSingleObject(self, handle, milliseconds):  # noqa: N802
        return 0x102

    def CloseHandle(self, handle):  # noqa: N802
        """Nothing is open."""


@pytest.fixture
def windows(monkeypatch, tmp_path):
    """A Windows of its absences; returns its kernel."""

    def fsync(descriptor):
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")

    def kill(process, signal):
        raise AssertionError("on Windows this is Ctrl+C")

    kernel = Kernel()
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(files, "ON_WINDOWS", True)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    monkeypatch.setattr(provenance, "CLEAR_REFS", tmp_path / "none")
    monkeypatch.setitem(sys.modules, "resource", None)
    return kernel


def test_predict_and_evaluate_need_nothing_that_windows_lacks(windows, tmp_path):
    torch.manual_seed(0)
    run_folder = save_run(tmp_path / "run", "cps")
    image, label, affine = blobs()
    save(tmp_path / "scans" / "a.nii.gz", image, affine)
    save(tmp_path / "references" / "a.nii.gz", label, affine)
    segment(tmp_path / "scans", run_folder, tmp_path / "out")
    scores = score_folder(tmp_path / "out", tmp_path / "references", "flare22")
    files.write_text(tmp_path / "scores.csv", scores.to_csv(index=False))
    assert np.isfinite(scores["dice"]).any() and (tmp_path / "scores.csv").stat().st_size > 0


def test_a_process_is_asked_and_not_interrupted(windows):
    windows.error = 87  # no such process
    assert files.is_running(ALIVE) and not files.is_running(GONE)
    windows.error = 5  # access denied
    assert files.is_running(OTHERS)


def test_workers_start_without_a_fork_server(windows):
    assert workers.start_context().get_start_method() == "spawn"


def test_peak_memory_is_unknown_without_resource(windows):
    provenance.reset_peak_memory("cpu")
    assert provenance.peak_memory("cpu") is None
    assert provenance.provenance("cpu")["peak_memory_gib"] is None


def test_a_processor_is_named_with_its_instructions(monkeypatch, tmp_path):
    text = "processor: 0\nmodel name\t: Some CPU\nflags\t\t: avx2 avx512f fma\n\nprocessor: 1\n"
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(provenance, "CPUINFO", tmp_path / "cpuinfo")
    assert provenance.processor({}) == "Some CPU, avx512f"
    assert provenance.processor({"ONEDNN_MAX_CPU_ISA": "AVX2"}) == "Some CPU, held to AVX2"
    monkeypatch.setattr(provenance, "CPUINFO", tmp_path / "none")
    assert provenance.processor({})


@pytest.mark.parametrize(("platform", "unit"), [("darwin", 1), ("freebsd", 1024)])
def test_peak_memory_is_in_bytes_on_a_mac_and_in_kibibytes_elsewhere(
    platform, unit, monkeypatch, tmp_path
):
    usage = SimpleNamespace(ru_maxrss=3 * 2**30 // unit)
    fake = SimpleNamespace(RUSAGE_SELF=0, getrusage=lambda who: usage)
    monkeypatch.setitem(sys.modules, "resource", fake)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(provenance, "CLEAR_REFS", tmp_path / "none")
    assert provenance.peak_memory("cpu") == 3


def test_one_gpu_of_a_mac_is_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device_of(1).type == "mps"

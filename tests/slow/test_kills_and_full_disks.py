"""What happens to machines in weeks: kills, full disks, two starts at once. Each ends with the
bytes of a run that nothing happened to.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

import psutil
import pytest

from helpers.paths import ROOT
from helpers.reproduction import differing, outputs, said, start, succeeded

ITEMS = "start,table3"
ENDS_WITHIN = 30  # seconds that whatever a killed process had started may live on


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A reproduction that nothing happens to, and how long it took."""
    folder = tmp_path_factory.mktemp("whole")
    began = time.monotonic()
    succeeded(start(folder, item=ITEMS), folder)
    assert len(outputs(folder)) > 40
    return folder, time.monotonic() - began


def second_clone(folder):
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def still_running(session):
    """The processes of a session that have not ended."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def left_alone(process):
    """What is left of a killed process's session after a while; none of it may be."""
    deadline = time.monotonic() + ENDS_WITHIN
    while (left := still_running(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return [other.cmdline() for other in left]


def test_kill_9_at_twenty_moments_in_another_clone(whole, tmp_path):
    """The process alone is killed, as for want of memory, or all that it started, as by a power
    cut.
    """
    undisturbed, duration = whole
    clone, folder = second_clone(tmp_path / "another place" / "clone"), tmp_path / "killed"
    generator = random.Random(0)
    kills = 0
    while kills < 20:
        process = start(folder, item=ITEMS, root=clone)
        time.sleep(generator.uniform(1, 0.7 * duration))
        if process.poll() is not None:  # it was through: notebooks, tables and scores once more
            succeeded(process, folder)
            for path in [
                *folder.rglob("table3.csv"),
                *folder.rglob("scores.json"),
                *(folder / "results/smoke/notebooks").glob("*"),
            ]:
                path.unlink()
            continue
        kills += 1
        if kills % 2:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert left_alone(process) == []
    succeeded(start(folder, item=ITEMS, root=clone), folder)
    assert differing(undisturbed, folder) == []
    assert [path for path in folder.rglob(".*") if path.is_file()] == []
    assert "Traceback" not in said(folder)


def test_two_starts_at_once_train_and_execute_nothing_twice(whole, tmp_path):
    logs = tmp_path / "first", tmp_path / "second"
    for process in [start(tmp_path / "both", "--jobs", "1", item=ITEMS, log=log) for log in logs]:
        assert process.wait() == 0, [log.read_text() for log in logs]
    assert differing(whole[0], tmp_path / "both") == []
    first, second = (log.read_text() for log in logs)
    assert "Traceback" not in first + second
    runs = [path.parent.name for path in (tmp_path / "both").rglob("record.json")]
    assert (
        len(runs) > 5
        and [run for run in runs if (f"{run}: 100%" in first) == (f"{run}: 100%" in second)] == []
    )


@contextmanager
def small_disk(folder):
    """A disk of its own at `folder`; yields what sets its size in KiB."""

    def size(kibibytes, *options):
        subprocess.run(
            [
                "mount",
                "-t",
                "tmpfs",
                "-o",
                ",".join([f"size={kibibytes}k", *options]),
                "tmpfs",
                str(folder),
            ],
            check=True,
        )

    folder.mkdir()
    size(64)
    try:
        yield lambda kibibytes: size(kibibytes, "remount")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def may_mount():
    return (
        os.geteuid() == 0
        and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0
    )


def used_kib(disk):
    return shutil.disk_usage(disk).used // 1024


def size_of(*folders):
    """KiB of all files in `folders`."""
    return (
        sum(
            path.stat().st_size
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        )
        // 1024
    )


def stopped_for_want_of_space(folder, log):
    """Start the reproduction in `folder`, whose disk is too small; its last sentence (status 2:
    told before anything is prepared).
    """
    log.write_text("")
    status = start(folder, item=ITEMS, log=log).wait()
    sentence = log.read_text().strip().splitlines()[-1]
    told = (
        status == 1
        and "No space left on device" in sentence
        or status == 2
        and "is needed for" in sentence
    )
    assert told and "make room" in sentence and "Traceback" not in log.read_text(), log.read_text()
    return sentence


by_root = pytest.mark.skipif(
    not may_mount(), reason="a disk of a given size can be mounted by root alone"
)


@by_root
def test_a_disk_that_fills_while_data_is_made_and_runs_are_trained(whole, tmp_path):
    undisturbed, _ = whole
    needed, disk, log = size_of(undisturbed), tmp_path / "disk", tmp_path / "log"
    with small_disk(disk) as set_size:
        sentences = []
        for share in (0.1, 0.23, 0.35, 0.7):
            set_size(int(share * needed))
            sentences.append(stopped_for_want_of_space(disk, log))
        assert all(
            any(part in sentence for sentence in sentences)
            for part in ("/phantoms/", "/stores/", "/runs/")
        ), sentences
        set_size(20 * needed)
        succeeded(start(disk, item=ITEMS, log=log), tmp_path)
        assert differing(undisturbed, disk) == []


@by_root
def test_a_disk_that_fills_while_notebooks_and_tables_are_written(whole, tmp_path):
    undisturbed, _ = whole
    disk, log = tmp_path / "disk", tmp_path / "log"
    with small_disk(disk) as set_size:
        set_size(20 * size_of(undisturbed))
        shutil.copytree(undisturbed / "results", disk / "results")
        shutil.rmtree(disk / "results" / "smoke")
        for room in (100, 500, 900):
            set_size(used_kib(disk) + room)
            assert "smoke" in stopped_for_want_of_space(disk, log)
        set_size(20 * size_of(undisturbed))
        succeeded(start(disk, item=ITEMS, log=log), tmp_path)
        assert differing(undisturbed, disk) == []

"""reproduce.sh with a stand-in for Python, its pip and its pytest: the set-up says little, and a test
that fails on either core is a failure.
"""

import os
import shutil
import subprocess

import pytest

from guidednet.runs.environment import REPOSITORY

# Like pip: a line for every package, warnings unless it is told twice to be quiet, errors always.
PYTHON = """#!/bin/sh
case "$*" in
  *tools.environment*) [ -f "$PLACE/installed" ] ;;
  *"pip install"*)
    case "$*" in *-q*) ;; *) for i in 1 2 3 4 5 6 7 8 9; do echo "Collecting $i"; done ;; esac
    case "$*" in *-qq*) ;; *) echo "WARNING: Retrying" ;; esac
    if [ -n "$BROKEN" ]; then echo "ERROR: No matching distribution" >&2; exit 1; fi
    touch "$PLACE/installed" ;;
  *"pytest -m not slow tests/whole"*) echo "whole programs ran"; exit "${WHOLE:-0}" ;;
  *"pytest -m not slow --ignore tests/whole"*) echo "the others ran"; exit "${OTHERS:-0}" ;;
esac
"""


def set_up(folder, command="setup", **variables):
    """`bash reproduce.sh COMMAND` in a copy of the repository's files that it reads."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("reproduce.sh", "requirements.lock"):
        shutil.copy(REPOSITORY / name, folder)
    for place in (folder / ".venv" / "bin" / "python", folder / "python3", folder / "python"):
        place.write_text(PYTHON)
        place.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:/usr/bin:/bin", "PLACE": str(folder)} | variables
    return subprocess.run(
        ["bash", str(folder / "reproduce.sh"), command],
        capture_output=True,
        text=True,
        env=environment,
    )


def test_pip_has_one_line_with_the_number_of_packages(tmp_path):
    done = set_up(tmp_path)
    packages = (REPOSITORY / "requirements.lock").read_text().count("==")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        f"installing the {packages} packages of requirements.lock (about 1.5 GB, once) ..."
    ]
    assert done.stdout == f"environment: {tmp_path / '.venv' / 'bin' / 'python'}\n"


def test_an_error_of_pip_is_shown(tmp_path):
    done = set_up(tmp_path, BROKEN="yes")
    assert done.returncode == 1 and "ERROR: No matching distribution" in done.stderr


@pytest.mark.parametrize(("whole", "others"), [("0", "0"), ("1", "0"), ("0", "1")])
def test_both_halves_of_the_tests_run_and_count(whole, others, tmp_path):
    done = set_up(tmp_path, "test", WHOLE=whole, OTHERS=others, TMPDIR=str(tmp_path))
    assert done.stdout.splitlines()[-3:] == [
        "the others ran",
        "tests of whole programs:",
        "whole programs ran",
    ]
    assert done.returncode == max(int(whole), int(others))
    assert not list(tmp_path.glob("tmp.*")), "the log is taken away"

"""Whole reproductions at smoke size in processes of their own, as a user starts them."""

import os
import subprocess
import sys

from helpers.paths import ROOT

# What must not depend on interruptions, the machine's company or the folder: data, weights, curves,
# scores, tables.
SAME = (
    "weights.pt",
    "weights_last.pt",
    "curves.csv",
    "scores.csv",
    "cases.csv",
    "image.npy",
    "label.npy",
)


def start(folder, *options, root=ROOT, item="table3", log=None):
    """`reproduce --profile smoke` of the repository at `root`; results and figures go to `folder`,
    what it says to `log` or folder/log.
    """
    environment = os.environ | {
        "PYTHONPATH": str(root),
        "RESULTS_DIR": str(folder / "results"),
        "FIGURES_DIR": str(folder / "figures"),
    }
    command = [
        sys.executable,
        "-m",
        "guidednet",
        "reproduce",
        "--profile",
        "smoke",
        "--only",
        item,
        *options,
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with (log or folder / "log").open("a") as file:
        return subprocess.Popen(
            command, cwd=root, env=environment, stdout=file, stderr=file, start_new_session=True
        )


def said(folder):
    return (folder / "log").read_text(encoding="utf-8", errors="replace")


def succeeded(process, folder):
    assert process.wait() == 0, said(folder)


def outputs(folder):
    """The bytes of everything that must always be the same, by path."""
    files = [
        *(path for path in folder.rglob("*") if path.name in SAME),
        *(folder / "figures" / "smoke").glob("*"),
    ]
    return {path.relative_to(folder): path.read_bytes() for path in files}


def differing(first, second):
    """The paths of outputs that are not in both folders with the same bytes."""
    one, other = outputs(first), outputs(second)
    return sorted(
        str(path) for path in one.keys() | other.keys() if one.get(path) != other.get(path)
    )

"""Bad input at the command line and in the environment: one sentence, status 2, and nothing is left
behind.
"""

import subprocess
import sys

import pytest

from guidednet.cli.parser import main
from guidednet.errors import InputError
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace
from guidednet.training import checkpoint
from helpers.paths import ROOT
from helpers.tiny_runs import save_run
from helpers.volumes import blobs, save, save_case

# In capital letters what `folder` holds; OUT and what is below NEW is not there.
PHANTOM = "phantom OUT --dataset amos --cases 1"
PREPARE = "prepare RAW OUT --dataset flare22"
PREDICT = "predict SCAN.nii.gz --run RUN -o OUT.nii.gz"
TRAIN = "train --method supervised --profile smoke"
PLAN = "plan --profile smoke --only table3"
REPRODUCE = "reproduce --profile smoke --only table3"
COMMANDS = {
    f"{PHANTOM} --seed -1": "argument --seed: '-1' is not a whole number from 0 to 2147483647",
    f"{PHANTOM} --seed 4294967296": "'4294967296' is not a whole number from 0 to 2147483647",
    f"{PHANTOM} --labelled none": "argument --labelled: 'none' is not a whole number from 1",
    f"{PHANTOM} --workers 100000": "argument --workers: '100000' is not a whole number from 1 to 256",
    f"{PHANTOM} --voxel-mm nan": "--voxel-mm nan: the size is outside 0.5 to 20 mm",
    f"{PHANTOM} --matrix 1025": "--matrix 1025: the size is outside 32 to 1024 pixels",
    "phantom FILE --dataset amos --cases 1": "FILE: is a file, not a folder",
    "phantom FILE/NEW --dataset amos --cases 1": "FILE: is a file, not a folder",
    "phantom RAW --dataset flare22 --cases 1": "RAW: holds scans that are not phantoms; give an empty folder",
    "phantom SPOILT --dataset flare22 --cases 1": "phantom.json: is damaged, so it cannot be read as JSON",
    f"{PREPARE} --spacing 0 3 3": "spacing is (0.0, 3.0, 3.0) mm: give numbers from 0.1 to 100",
    f"{PREPARE} --spacing nan 3 3": "spacing is (nan, 3.0, 3.0) mm: give numbers",
    f"{PREPARE} --spacing 3 3 -1": "spacing is (3.0, 3.0, -1.0) mm: give numbers",
    f"{PREPARE} --spacing 3 inf 3": "spacing is (3.0, inf, 3.0) mm: give numbers",
    f"{PREPARE} --preset best": "argument --preset: invalid choice: 'best'",
    f"{PREPARE} --verify": "cases.csv: not found; prepare the data",
    "prepare RAW FILE --dataset flare22": "FILE: cannot be written",
    "prepare RAW FILE/NEW/NEW --dataset flare22": "NEW: cannot be written",
    "prepare FILE OUT --dataset flare22": "FILE: is a file; give the folder that holds the raw flare22 data",
    "prepare RAW SPOILT --dataset flare22": "store.json: is damaged, so it cannot be read as JSON",
    "split RAW --dataset flare22 --seed -1": "argument --seed: '-1'",
    "split RAW --dataset flare22 -o EMPTY": "EMPTY: is a folder; give the name of a file in it",
    "split RAW --dataset flare22 -o FILE/NEW.csv": "FILE: is a file, not a folder",
    "split RAW --dataset flare22 --mapping NEW.csv": "NEW.csv: no such file",
    "split RAW --dataset flare22 --mapping FILE": "FILE: has no column released; its columns must be released, case",
    "split RAW --dataset flare22": "2 labelled cases cannot be divided",
    f"{PREDICT} --device gpu": "--device gpu: torch cannot use it on this machine; use cpu",
    f"{PREDICT} --device meta": "--device meta: torch cannot use it on this machine; use cpu",
    f"{PREDICT} --device cuda:99": "--device cuda:99: torch cannot use it on this machine; use cpu",
    f"{PREDICT} --volumes EMPTY": "EMPTY: is a folder; give the name of a file in it",
    f"{PREDICT} --volumes OUT.nii.gz": "OUT.nii.gz: this is the segmentation's own name",
    f"{PREDICT} --colours FILE": "FILE: is a file, not a folder",
    "predict SCAN.nii.gz --run RUN -o OUT.png": "the output's name does not end in .nii or .nii.gz",
    "predict SCAN.nii.gz --run RUN -o SCAN.nii.gz": "SCAN.nii.gz: this is the scan itself, which would be overwritten",
    "predict SCAN.nii.gz --run RUN -o FILE/NEW.nii.gz": "FILE: is a file, not a folder",
    "predict SCAN.nii.gz --run FILE -o OUT.nii.gz": "FILE: the file is damaged, or is not an exported model",
    "predict SCAN.nii.gz --run EMPTY -o OUT.nii.gz": "record.json: no such file; give the folder of a finished run",
    "predict FILE --run RUN -o OUT.nii.gz": "FILE: cannot be read as NIfTI",
    "predict SPOILT --run RUN -o OUT.nii.gz": "SPOILT: holds no DICOM series",
    "predict SCAN.nii.gz --run SUPERVISED -o OUT.nii.gz --ensemble": "method supervised has no ensemble predictor; leave out --ensemble",
    "export EMPTY -o OUT.pt": "record.json: no such file",
    "export RUN -o EMPTY": "EMPTY: is a folder; give the name of a file in it",
    "export RUN -o FILE/NEW.pt": "FILE: is a file, not a folder",
    "export UNFIT -o OUT.pt": "weights.pt: the weights do not fit the configuration (cps)",
    f"{TRAIN} --seed -1": "argument --seed: '-1'",
    f"{TRAIN} --gpus -1": "argument --gpus: '-1' is not a whole number from 0 to 256",
    f"{TRAIN} --processes 0": "argument --processes: '0' is not a whole number from 1 to 256",
    f"{TRAIN} --steps 2.5": "argument --steps: '2.5' is not a whole number from 1",
    f"{TRAIN} --ratio nan": "a labelled share of nan % is not between 0 and 100 %",
    f"{TRAIN} --ratio 100": "--ratio 100: no training case would be unlabelled",
    f"{TRAIN} --dataset kits": "unknown data set 'kits'",
    f"{TRAIN} --results FILE/NEW": "FILE: this is a file, not a folder; choose another RESULTS_DIR or option",
    "train --method cps --profile paper --data-root EMPTY": "flare22: no such folder; give the folder that holds the raw flare22 data",
    "table --dataset kits --ratio 5 --profile smoke": "unknown data set 'kits'",
    "table --dataset amos --ratio -5 --profile smoke": "a labelled share of -5 % is not between 0 and 100 %",
    "table --dataset amos --ratio 5 --profile smoke --methods best": "unknown method 'best'",
    "evaluate --profile smoke": "use --method NAME, or a folder of predictions",
    "evaluate --method supervised --profile smoke --ratio 0": "a labelled share of 0 % is not between 0 and 100 %",
    "evaluate LABELS": "LABELS: the references are missing; give their folder",
    "evaluate LABELS EMPTY": "the reference of",
    "evaluate LABELS LABELS -o EMPTY": "EMPTY: is a folder; give the name of a file in it",
    f"{PLAN} --seeds 101": "argument --seeds: '101' is not a whole number from 1 to 100",
    f"{PLAN} --jobs 100000": "argument --jobs: '100000' is not a whole number from 1 to 256",
    f"{PLAN} --methods cps,,dan": "unknown method ''",
    f"{PLAN} --cluster pbs": "unknown --cluster 'pbs': use one of slurm, local",
    f"{PLAN} --cluster-option timeout_min=5": "--cluster-option: this option needs --cluster",
    f"{PLAN} --cluster-option timeout_min": "--cluster-option timeout_min: not an assignment; write it as NAME=VALUE",
    "notebook 12_table3_components --profile smoke --set seeds=0": "parameter 'seeds' is 0; use a number from 1 to 100",
    "notebook 12_table3_components --profile smoke --set seeds={[]:1}": "parameter 'seeds' is '{[]:1}'; give a value of type int",
    f"{REPRODUCE} --seeds 500": "argument --seeds: '500' is not a whole number from 1 to 100",
    f"{REPRODUCE} --only figure9": "unknown artefact 'figure9'",
    f"{REPRODUCE} --results FILE": "FILE: this is a file, not a folder",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What users have lying about: two scans, finished runs, a text file, and what is no longer
    what it was.
    """
    folder = tmp_path_factory.mktemp("bad_input")
    for number in (1, 2):
        save_case(folder / "RAW", number)
    save(folder / "SCAN.nii.gz", blobs()[0], blobs()[2])
    save(folder / "LABELS" / "a.nii.gz", blobs()[1], blobs()[2])
    supervised = save_run(folder / "SUPERVISED", "supervised")
    save_run(folder / "RUN", "cps")
    checkpoint.save(
        save_run(folder / "UNFIT", "cps") / "weights.pt", checkpoint.load(supervised / "weights.pt")
    )
    (folder / "FILE").write_text("patient,age\n" * 100)
    for name in ("EMPTY", "SPOILT"):
        (folder / name).mkdir()
    for name in ("phantom.json", "store.json", "slice.dcm"):
        (folder / "SPOILT" / name).write_text('{"dataset": "flare')
    return folder


def contents(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("words", COMMANDS)
def test_a_mistake_at_the_command_line_is_one_sentence_and_changes_nothing(
    words, folder, monkeypatch, capfd
):
    monkeypatch.chdir(folder)
    for variable in ("DATA_DIR", "RESULTS_DIR", "FIGURES_DIR"):
        monkeypatch.setenv(variable, str(folder / "OUT"))
    monkeypatch.setattr(sys, "argv", ["guidednet", *words.split()])
    before = contents(folder)
    try:
        status = main()
    # argparse, which prints how to call the command before its sentence
    except SystemExit as usage:
        status = usage.code
    lines = [line for line in capfd.readouterr().err.splitlines() if line and "%|" not in line]
    assert status == 2 and COMMANDS[words] in lines[-1]
    assert len(lines) == 1 or lines[0].startswith("usage: ")
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("GPUS", "many", "GPUS is 'many'; give a whole number, or unset it"),
        ("GPUS", "-1", "GPUS is '-1'; give a whole number, or unset it"),
        ("GPUS", "99", "--gpus 99: torch finds"),
        (
            "TRAINING_STEPS",
            "1e3",
            "TRAINING_STEPS is '1e3'; give a whole number of at least 1, or unset it",
        ),
        ("TRAINING_STEPS", "-5", "TRAINING_STEPS is '-5'"),
        ("DATA_DIR", "FILE", "this is a file, not a folder; choose another DATA_DIR or option"),
        (
            "RESULTS_DIR",
            "FILE/NEW",
            "this is a file, not a folder; choose another RESULTS_DIR or option",
        ),
        (
            "FIGURES_DIR",
            "FILE",
            "this is a file, not a folder; choose another FIGURES_DIR or option",
        ),
    ],
)
def test_a_mistake_in_the_environment_is_one_sentence(
    variable, value, message, folder, monkeypatch
):
    monkeypatch.chdir(folder)
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=message) as caught:
        RunStore(open_workspace("smoke"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["trian", "-p", "reproduce"])
def test_reproduce_sh_refuses_a_word_it_does_not_know(word):
    refused = subprocess.run(["bash", ROOT / "reproduce.sh", word], capture_output=True, text=True)
    assert (
        refused.returncode == 2
        and refused.stderr
        == f"reproduce.sh: unknown command '{word}'; see bash reproduce.sh --help\n"
    )

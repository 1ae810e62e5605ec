"""Weights, records and results that are not a run's own are refused, wherever they are used."""

import json
import shutil

import pytest

import guidednet
from guidednet.errors import InputError
from guidednet.runs.again import compared, train_again
from guidednet.runs.model_file import export, load_model
from guidednet.runs.store import RunStore
from guidednet.runs.verify import verify
from guidednet.runs.weights import check_weights
from guidednet.support.files import file_hash, write_json
from helpers.bad_input import refused
from helpers.tiny_runs import TinyWorkspace, save_run, tiny_config
from helpers.volumes import blobs

OWN, OTHER = tiny_config("supervised"), tiny_config("supervised", steps=4)
FOREIGN = "weights.pt: these are not the weights that the run was recorded with"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The results of two runs of one method."""
    folder = tmp_path_factory.mktemp("results")
    store = RunStore(TinyWorkspace(folder))
    return folder, [store.get(config).folder.name for config in (OWN, OTHER)]


@pytest.fixture
def runs(made, tmp_path):
    """A copy of them to spoil: the store and the two folders."""
    shutil.copytree(made[0], tmp_path / "results")
    store = RunStore(TinyWorkspace(tmp_path / "results"))
    return store, *(tmp_path / "results" / "runs" / name for name in made[1])


def faults(folder):
    return {finding.part: finding.found for finding in verify(folder) if finding.is_fault}


def change(path, **values):
    write_json(path, json.loads(path.read_text()) | values)


def test_a_run_as_it_was_made_has_no_fault(runs):
    _, folder, _ = runs
    assert faults(folder) == {}
    record = json.loads((folder / "record.json").read_text())
    assert record["weights"]["weights.pt"] == file_hash(folder / "weights.pt")
    assert set(record["weights"]) == {"weights.pt", "weights_last.pt"}


def test_weights_of_another_run_are_refused_by_scoring_predict_and_verify(runs, tmp_path):
    store, folder, other = runs
    shutil.copy(other / "weights.pt", folder / "weights.pt")
    (folder / "scores.json").unlink()
    refused(FOREIGN, store.get, OWN)
    assert not (folder / "scores.json").exists()
    refused(FOREIGN, load_model, folder)
    refused(FOREIGN, guidednet.load, folder)
    refused(FOREIGN, store.load_method, OWN)
    refused(FOREIGN, export, folder, tmp_path / "model.pt")
    assert not (tmp_path / "model.pt").exists()
    assert faults(folder)["weights.pt"] == "has changed since it was recorded"


def test_a_warm_start_from_weights_of_another_run_is_refused(runs):
    store, *_ = runs
    config = tiny_config("cps", warm_start_steps=3)
    start = [store.get(run).folder for run in store.identity.warm_start(config).values()]
    shutil.copy(start[1] / "weights.pt", start[0] / "weights.pt")
    refused(FOREIGN, store.get, config)


@pytest.mark.parametrize(
    ("spoil", "part", "message"),
    [
        (lambda run: (run / "curves.csv").write_text("step\n"), "curves.csv", "has changed"),
        (lambda run: (run / "scores.csv").write_text("case\n"), "scores.csv", "has changed"),
        (lambda run: (run / "weights_last.pt").unlink(), "weights_last.pt", "is missing"),
        (lambda run: change(run / "record.json", data="d"), "record.json", "its key is not that"),
        (lambda run: (run / "weights.pt").write_bytes(b"cut"), "model", "the file is damaged"),
    ],
)
def test_verify_names_what_is_not_as_recorded(spoil, part, message, runs):
    spoil(runs[1])
    assert message in faults(runs[1])[part]


def test_a_record_without_a_hash_is_readable_and_says_so_once(runs, tmp_path, capsys):
    folder = save_run(tmp_path / "old", "cps")
    change(folder / "record.json", weights=None)
    model = guidednet.load(folder)
    image, _, affine = blobs((8, 8, 6))
    model.predict(image, affine=affine)
    check_weights(folder / "weights.pt")
    said = capsys.readouterr().err
    assert said.count("its record has no hash of its weights") == 1 and said.count("\n") == 1
    found = {finding.part: finding.found for finding in verify(folder)}
    assert found["weights.pt"].startswith("not recorded, as an older version")


def test_a_run_is_trained_again_from_its_record_to_the_same_bytes(runs, tmp_path):
    _, folder, _ = runs
    store = RunStore(TinyWorkspace(tmp_path / "again"))
    run = train_again(folder, store)
    assert run.folder.name == folder.name and run.folder != folder
    assert set(compared(run, folder).values()) == {"the same bytes"}
    assert len(compared(run, folder)) == 4


def test_a_record_of_other_data_is_not_trained_on_these(runs, tmp_path):
    _, folder, _ = runs
    other = RunStore(TinyWorkspace(tmp_path / "again", content="2"))
    refused("record.json: its data are not those found here", train_again, folder, other)
    refused("this run itself would be read", train_again, folder, runs[0])
    assert not (tmp_path / "again").exists()


def test_a_record_of_a_data_set_that_is_not_here_asks_for_it(runs, tmp_path):
    _, folder, _ = runs
    record = json.loads((folder / "record.json").read_text())
    change(folder / "record.json", config=record["config"] | {"dataset": "btcv"})
    store = RunStore(TinyWorkspace(tmp_path / "again"))
    refused("its data set 'btcv' is not here; give the", train_again, folder, store)


def test_changed_code_is_said_and_trained(runs, tmp_path, capsys):
    _, folder, _ = runs
    record = json.loads((folder / "record.json").read_text())
    record["code"]["guidednet.losses"] = "another"
    write_json(folder / "record.json", record)
    store = RunStore(TinyWorkspace(tmp_path / "again"))
    assert train_again(folder, store).folder.is_dir()
    assert "the code has changed since (guidednet.losses)" in capsys.readouterr().err


def test_a_folder_without_a_run_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="record.json: no such file"):
        verify(tmp_path)

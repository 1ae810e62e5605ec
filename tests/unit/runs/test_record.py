"""Records of runs: the latest counts, and weights load from one alone."""

import pytest

from guidednet.errors import InputError
from guidednet.runs.record import RecordedRuns, config_from_record, load_weights, read_record
from guidednet.runs.store import RunStore
from helpers.tiny_runs import TinyWorkspace, tiny_config
from helpers.written_runs import write_run


def test_of_two_records_of_one_configuration_the_latest_counts(tmp_path):
    config = tiny_config("cps")
    for place, day in (("a", "26"), ("b", "25")):
        write_run(
            tmp_path / place, config, {"finished": f"2026-11-{day}T10:00:00+00:00"}
        ).folder.rename(tmp_path / f"{place}-run")
    assert RecordedRuns(tmp_path).get(config).folder.name == "a-run"


@pytest.fixture
def store(tmp_path):
    return RunStore(TinyWorkspace(tmp_path))


def test_weights_load_without_store_or_split(store):
    config = tiny_config("guidednet")
    run = store.get(config)
    method = load_weights(
        config_from_record(read_record(run.folder)["config"]), run.folder / "weights.pt"
    )
    assert not method.training
    with pytest.raises(InputError, match=r"record\.json: no such file"):
        read_record(run.folder.parent)

"""A crate holds a table with its runs, and says what every file is."""

import json

import pandas as pd
import pytest

from guidednet.exports.crate import write_crate
from guidednet.report.tables.captions import Caption
from guidednet.report.tables.formats import write_table
from guidednet.report.tables.table import make_table
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row
from guidednet.support.files import file_hash
from helpers.bad_input import refused
from helpers.tiny_runs import TinyWorkspace, tiny_config

CONFIG = tiny_config("supervised")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The CSV file of a table of one run, and the folder of its run."""
    folder = tmp_path_factory.mktemp("results")
    store = RunStore(TinyWorkspace(folder))
    table = make_table([Row("Sup only", (CONFIG,))], store, "mine")
    write_table(table, folder / "figures", "mine", Caption("Mine"))
    return folder / "figures" / "mine.csv", store.get(CONFIG).folder


def entities(crate):
    content = json.loads((crate / "ro-crate-metadata.json").read_text())
    assert content["@context"] == "https://w3id.org/ro/crate/1.1/context"
    return {entity["@id"]: entity for entity in content["@graph"]}


def test_a_crate_holds_the_table_and_its_runs(written, tmp_path):
    table, run = written
    assert write_crate(table, run.parent, tmp_path / "crate") == 1
    found, place = entities(tmp_path / "crate"), f"runs/{run.name}/"
    files = {name for name, entity in found.items() if entity["@type"] == "File"}
    of_run = {place + name for name in ("record.json", "scores.csv", "scores.json", "curves.csv")}
    assert files == {"mine.csv", "mine.md", "mine.tex", *of_run}
    on_disk = {path for path in (tmp_path / "crate").rglob("*") if path.is_file()}
    assert len(on_disk) == len(files) + 1
    for name in files:
        assert found[name]["sha256"] == file_hash(tmp_path / "crate" / name)
    assert found["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    action = found[f"#{run.name.rpartition('-')[2]}"]
    assert action["@type"] == "CreateAction" and action["result"] == {"@id": place}


def test_every_link_leads_to_an_entity_and_every_entity_is_reached(written, tmp_path):
    table, run = written
    write_crate(table, run.parent, tmp_path / "crate", with_weights=True)
    found = entities(tmp_path / "crate")
    assert f"runs/{run.name}/weights.pt" in found
    reached, waiting = set(), ["ro-crate-metadata.json"]
    while waiting:
        if (name := waiting.pop()) not in reached:
            reached.add(name)
            values = [value for value in found[name].values() if isinstance(value, dict | list)]
            links = [
                link for value in values for link in (value if isinstance(value, list) else [value])
            ]
            waiting += [link["@id"] for link in links if link["@id"] in found]
            unknown = [link["@id"] for link in links if link["@id"] not in found]
            assert unknown in ([], ["https://w3id.org/ro/crate/1.1"])
    assert reached == set(found)


def test_what_cannot_be_a_crate_is_one_sentence(written, tmp_path):
    table, run = written
    lines = pd.read_csv(table)
    lines.drop(columns="run_keys").to_csv(tmp_path / "old.csv", index=False)
    lines.assign(run_keys="0123").to_csv(tmp_path / "other.csv", index=False)
    lines.assign(run_keys=None).to_csv(tmp_path / "none.csv", index=False)
    output = tmp_path / "crate"
    refused("has no column run_keys", write_crate, tmp_path / "old.csv", run.parent, output)
    refused("has no run 0123 of the table", write_crate, tmp_path / "other.csv", run.parent, output)
    refused("names no run", write_crate, tmp_path / "none.csv", run.parent, output)
    refused("is not empty", write_crate, table, run.parent, tmp_path)
    assert not output.exists()

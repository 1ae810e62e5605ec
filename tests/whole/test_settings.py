"""Changed settings in whole commands at smoke size: records, names, captions, pictures."""

import json

import pandas as pd

from helpers.command_line import call


def test_a_table_and_a_sweep_of_changed_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RESULTS_DIR", str(tmp_path / "results"))
    monkeypatch.setenv("FIGURES_DIR", str(tmp_path / "figures"))
    changes = ("--set", "optimiser.learning_rate=0.03", "--set", "training.warm_start_steps=0")
    table = ("table", "--dataset", "flare22", "--ratio", 10, "--methods", "supervised")
    assert call(monkeypatch, *table, "--profile", "smoke", *changes) == 0
    folder = tmp_path / "figures" / "smoke-learning_rate=0.03-warm_start_steps=0"
    caption = (folder / "flare22_10percent.md").read_text().replace("\\", "").splitlines()[0]
    assert "changed from the profile: optimiser.learning_rate=0.03, training.warm" in caption
    (record,) = (tmp_path / "results" / "runs").glob("*/record.json")
    assert json.loads(record.read_text())["config"]["optimiser"]["learning_rate"] == 0.03
    assert "-learning_rate=0.03-warm_start_steps=0-" in record.parent.name

    lists = ("--set", "optimiser.learning_rate=0.03,0.01", "--set", "training.warm_start_steps=0")
    sweep = ("sweep", "--method", "supervised", "--profile", "smoke", *lists)
    assert call(monkeypatch, *sweep, "-o", tmp_path / "rates.csv") == 0
    assert "Best on the validation cases: learning_rate=" in capsys.readouterr().out
    rows = pd.read_csv(tmp_path / "rates.csv")
    assert list(rows["method"]) == ["learning_rate=0.03", "learning_rate=0.01"]
    assert rows["validation_dice"].notna().all() and (tmp_path / "rates.png").is_file()
    assert "Mixed" not in (tmp_path / "rates.md").read_text()
    # the first of the two is the run of the table, under the name it has
    assert len(list((tmp_path / "results" / "runs").glob("*/record.json"))) == 2

"""A caption says what its table rests on: seeds, data sets, what differs and what failed."""

from dataclasses import replace

import pytest

from guidednet.data.layouts import PHANTOM_FILE
from guidednet.report.tables.captions import MIXED, Caption, caption
from guidednet.report.tables.formats import write_table
from guidednet.report.tables.table import make_table
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns
from guidednet.runs.settings import changed
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.ablations import readings
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config
from helpers.written_runs import workspace, write_mixed_rows, write_run

ROWS = [("CPS", "cps"), ("GuidedNet", "guidednet")]


@pytest.fixture
def mixed_rows(tmp_path):
    return write_mixed_rows(tmp_path)


def test_a_training_that_failed_is_named_where_its_run_is_missing(tmp_path):
    class FailedStore(RecordedRuns):
        def failure(self, config):
            return "loss term 'supervised' is nan at step 12" if config.seed == 1 else None

    configs = tuple(replace(tiny_config("cps"), seed=seed) for seed in (0, 1))
    note = caption(
        "Table 3", [Row("CPS", configs)], FailedStore(tmp_path, workspace(tmp_path))
    ).notes
    assert note == ("CPS, seed 1: not run, loss term 'supervised' is nan at step 12",)


def test_a_mixed_table_is_marked_in_every_form_but_the_csv(mixed_rows, tmp_path):
    store = RecordedRuns(tmp_path / "runs", workspace(tmp_path))
    text = caption("Table 3", mixed_rows, store)
    assert text.text.endswith(f"{MIXED}") and "1 seed; 2 test cases; 5 steps" in text.text
    write_table(make_table(mixed_rows, store, "table3", "blank"), tmp_path, "table3", text)
    shown = {
        ending: (tmp_path / f"table3.{ending}").read_text(encoding="utf-8")
        for ending in ("csv", "md", "tex")
    }
    assert shown["md"].count(MIXED) == shown["tex"].count(MIXED) == 1
    notes = [
        "mixed devices: CPU, 1 thread (CPS), NVIDIA H100 (GuidedNet)",
        r"GuidedNet, seed 0: 50 % of a\_b \& {c} \~ x^2",
    ]
    assert shown["md"].endswith("\n\n" + "".join(f"* {note}\n" for note in notes))
    assert (
        r"GuidedNet, seed 0: 50 \% of a\_b \& \{c\} \textasciitilde{} x\textasciicircum{}2\par"
        in shown["tex"]
    )
    assert "ixed" not in shown["csv"] and shown["csv"].startswith("method,")


def test_runs_that_agree_and_warn_of_nothing_leave_no_note(tmp_path):
    for method in ("cps", "guidednet"):
        write_run(tmp_path, tiny_config(method))
    rows = [Row(method, (tiny_config(method),)) for method in ("cps", "guidednet")]
    text = caption("Table 3", rows, RecordedRuns(tmp_path, workspace(tmp_path)))
    assert text.notes == () and MIXED not in text.text
    assert Caption("a").markdown("| b |") == "a\n\n| b |"


def test_a_caption_says_where_seeds_are_missing_and_names_every_data_set(tmp_path):
    configs = tuple(replace(tiny_config("cps"), seed=seed) for seed in range(3))
    write_run(tmp_path, configs[0])
    rows = [Row("CPS", configs), Row("CPS", (replace(configs[0], dataset="amos"),))]
    text = caption("Figure 4", rows, RecordedRuns(tmp_path, workspace(tmp_path))).text
    assert "; 1 of 3 seeds;" in text and "synthetic flare22 and amos phantoms" in text


def test_of_rows_that_differ_none_speaks_for_all(tmp_path):
    store = RecordedRuns(tmp_path, workspace(tmp_path))
    text = caption("Readings", readings(store.workspace.profile, 1), store).text
    assert 'reading "' not in text and "headline reading unless a row says otherwise" in text
    config = tiny_config("cps")
    longer = replace(config, training=replace(config.training, steps=9))
    rows = [Row("long", (longer,)), Row("CPS", (config,))]
    assert "9 steps or 5 steps" in caption("Readings", rows, store).text


def test_phantoms_in_the_place_of_a_real_data_set_are_called_synthetic(tmp_path):
    workspace = Workspace(profile("paper"), tmp_path, tmp_path / "results", tmp_path / "figures")
    rows = [Row("CPS", (workspace.profile.run("amos", "cps", (1, 1), 0),))]
    text = lambda: caption("Table 2", rows, RunStore(workspace)).text  # noqa: E731
    assert not workspace.synthetic and "amos;" in text()
    (tmp_path / "amos").mkdir()
    (tmp_path / "amos" / PHANTOM_FILE).touch()
    assert workspace.synthetic and "synthetic amos phantoms, not patients" in text()


def test_a_caption_says_what_the_user_changed_and_in_which_rows(tmp_path):
    new = changed(profile("smoke"), {"optimiser.learning_rate": 0.03, "options.lambda_g": 0.1})
    rows = [Row(label, (new.run("flare22", method, (1, 2), 0),)) for label, method in ROWS]
    text = caption(
        "Table 1", rows, RecordedRuns(tmp_path, replace(workspace(tmp_path), profile=new))
    )
    said = (
        "changed from the profile: optimiser.learning_rate=0.03, options.lambda_g=0.1 (GuidedNet)"
    )
    assert said in text.text


def test_a_fold_that_failed_is_named(tmp_path):
    class FailedStore(RecordedRuns):
        def failure(self, config):
            return "nan" if config.partition == "fold 2 of 3" else None

    folds = [f"fold {number} of 3" for number in (1, 2, 3)]
    row = Row("CPS", tuple(replace(tiny_config("cps"), partition=fold) for fold in folds))
    notes = caption("Comparison", [row], FailedStore(tmp_path, workspace(tmp_path))).notes
    assert notes == ("CPS, seed 0, fold 2 of 3: not run, nan",)

"""Rows are told apart by name, and warnings of their runs stand once."""

from dataclasses import replace

from guidednet.report.tables.footnotes import row_names, runs_by_row, warnings
from guidednet.runs.record import RecordedRuns
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config
from helpers.written_runs import write_run


def test_rows_of_one_name_are_told_apart_and_the_same_runs_stand_once(tmp_path):
    half = replace(tiny_config("cps"), n_unlabelled=1)
    amos = replace(half, dataset="amos")
    rows = [
        Row("CPS", (tiny_config("cps"),)),
        Row("CPS", (half,)),
        Row("CPS", (amos,)),
        Row("DAN", (tiny_config("dan"),)),
    ]
    assert row_names(rows) == ["CPS 3+4", "CPS 3+1 flare22", "CPS 3+1 amos", "DAN"]
    run = write_run(tmp_path, tiny_config("cps"))
    twice = [
        Row("CPS", (run.config,)),
        Row("CPS (A+B)", (run.config,), "ensemble"),
        Row("DAN", (tiny_config("dan"),)),
    ]
    assert list(runs_by_row(twice, RecordedRuns(tmp_path))) == ["CPS"]


def test_warnings_of_records_stand_once_by_run(tmp_path):
    alone, absent = (
        "the network predicts background alone",
        "no voxel of 'duodenum' in the labelled cases",
    )
    first = write_run(tmp_path, tiny_config("cps"), {"warnings": [absent, absent]})
    ours = [replace(tiny_config("guidednet"), seed=seed) for seed in (0, 1)]
    runs = [
        write_run(tmp_path, config, {"warnings": said})
        for config, said in zip(ours, ([alone, absent], []), strict=True)
    ]
    assert warnings({"CPS": [first], "GuidedNet": runs}) == [
        f"CPS, seed 0; GuidedNet, seed 0: {absent}",
        f"GuidedNet, seed 0: {alone}",
    ]
    assert warnings({"DAN": [write_run(tmp_path, tiny_config("dan"))]}) == []

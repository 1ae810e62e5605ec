"""What `guidednet evaluate` prints."""

from guidednet.cli.score_text import run_text
from helpers.tiny_runs import tiny_config
from helpers.written_runs import liver_scores, write_run


def test_evaluate_prints_overlaps_in_percent_and_distances_in_mm(tmp_path):
    found = liver_scores(0.5)
    found.loc[found["metric"] == "hd95", "value"] = 7.25
    lines = run_text(write_run(tmp_path, tiny_config("cps"), found=found)).splitlines()
    (liver,) = (line.split() for line in lines if line.startswith("liver"))
    assert [float(value) for value in liver[1:6]] == [2, 50, 50, 50, 7.25]
    assert "2 test cases, one seed (0)" in lines[1] and lines[-1].endswith(
        "50.00 %, 95 % interval over cases 50.00 to 50.00 %"
    )

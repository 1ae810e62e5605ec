"""What `guidednet evaluate` prints."""

import numpy as np
import pandas as pd

from guidednet.cli.score_text import folder_text, run_text
from guidednet.evaluation.folders import mean_scores
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


def test_cases_without_an_organ_are_said_and_not_averaged():
    def said(*dice):
        cases = pd.DataFrame(
            {"case": [*map(str, range(len(dice)))], "organ": "liver", "dice": dice}
        )
        return folder_text(cases, mean_scores(cases)).splitlines()[-1]

    assert said(np.nan, np.nan).endswith(
        "no case has an organ in its reference, so that there is no mean Dice"
    )
    assert said(0.5, np.nan).endswith(
        "50.00 %, no interval over a single case; 1 case without an organ left out"
    )
    assert said(0.5, 0.5).endswith("95 % interval over cases 50.00 to 50.00 %")

"""The shipped study: its table is what its scores say, and it holds numbers alone."""

import csv
import json
from collections import defaultdict
from statistics import mean

import pytest

from guidednet.report.tables.agreement import agreement_table, by_machine
from guidednet.report.tables.real_ct import by_count_table, real_ct_table
from guidednet.report.tables.second_device import second_device_table
from guidednet.runs.environment import REPOSITORY
from guidednet.runs.record import RecordedRuns
from guidednet.study.real_ct import rows_by_count, runs_in, shipped_rows
from tools.ship_study import FILES, ship, ship_missing

FIGURES = REPOSITORY / "figures"
FOLDER = runs_in(FIGURES).parent


def lines_of(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def dice_by_organ(folder):
    """Mean Dice in percent by organ, from the shipped file and nothing else."""
    values = defaultdict(list)
    for line in lines_of(folder / "scores.csv"):
        if (line["predictor"], line["metric"]) == ("primary", "dice") and line["value"]:
            values[line["organ"]].append(float(line["value"]))
    return {organ: 100 * mean(of_organ) for organ, of_organ in values.items()}


def test_the_table_is_recomputed_from_the_shipped_scores():
    folders = {
        json.loads((p / "record.json").read_text())["key"]: p for p in runs_in(FIGURES).iterdir()
    }
    present = [line for line in lines_of(FOLDER / "table.csv") if int(line["n_seeds"])]
    assert len(present) >= 5
    seen = []
    for line in present:
        keys = line["runs"].split()
        seen += keys
        seeds = [mean(dice_by_organ(folders[key]).values()) for key in keys]
        assert line["mean_dice"] == str(round(mean(seeds), 2))
        assert int(line["n_seeds"]) == len(keys)
        assert float(line["ci_low"]) < float(line["mean_dice"]) < float(line["ci_high"])
        if line["to_supervised"] and line["n_seeds"] == present[0]["n_seeds"]:
            gain = float(line["mean_dice"]) - float(present[0]["mean_dice"])
            assert float(line["to_supervised"]) == pytest.approx(gain, abs=0.0101)
    by_count = [key for line in lines_of(FOLDER / "by_count.csv") for key in line["runs"].split()]
    assert {*seen, *by_count} == set(folders), "a shipped run belongs to no row"
    assert len(seen) == len(set(seen))


def test_the_shipped_table_is_that_of_its_runs():
    table = real_ct_table(shipped_rows(), RecordedRuns(runs_in(FIGURES)))
    assert table.to_csv(index=False) == (FOLDER / "table.csv").read_text(encoding="utf-8")


def test_both_trainings_of_a_seed_count_as_one():
    """The columns of the second device against means taken from the score files alone."""
    shipped, again = RecordedRuns(runs_in(FIGURES)), RecordedRuns(FOLDER / "repeated" / "h200")
    lines = {line["method"]: line for line in lines_of(FOLDER / "second_device.csv")}
    rows = {row.label: row for row in shipped_rows()}
    assert set(lines) == set(rows)
    mean_of = {}
    for method in ("Sup only", "GuidedNet"):
        means = [
            [mean(dice_by_organ(run.folder).values()) for run in of_device]
            for of_device in (store.finished(rows[method].configs) for store in (shipped, again))
        ]
        mean_of[method] = [mean(of_one) for of_one in means]
        assert lines[method]["n_seeds"] == str(len(means[0])) == "3"
        assert lines[method]["mean_dice_again"] == str(round(mean_of[method][1], 2))
        assert lines[method]["mean_dice_both"] == str(round(mean(mean_of[method]), 2))
    gains = [mean_of["GuidedNet"][place] - mean_of["Sup only"][place] for place in (0, 1)]
    ours = lines["GuidedNet"]
    assert float(ours["to_supervised_again"]) == pytest.approx(gains[1], abs=0.006)
    assert float(ours["to_supervised_both"]) == pytest.approx(mean(gains), abs=0.006)


def test_the_table_by_number_of_labelled_cases_is_that_of_its_runs():
    table = by_count_table(rows_by_count(), RecordedRuns(runs_in(FIGURES)))
    assert table.to_csv(index=False) == (FOLDER / "by_count.csv").read_text(encoding="utf-8")
    study = {line["method"]: line["mean_dice"] for line in lines_of(FOLDER / "table.csv")}
    for line in lines_of(FOLDER / "by_count.csv"):
        if line["n_labeled"] == "4":
            assert line["mean_dice"] == study[line["method"]]


def test_the_shipped_table_of_two_devices_is_that_of_its_runs():
    shipped, again = (
        RecordedRuns(folder) for folder in (runs_in(FIGURES), FOLDER / "repeated" / "h200")
    )
    table = second_device_table(shipped_rows(), shipped, again)
    text = (FOLDER / "second_device.csv").read_text(encoding="utf-8")
    assert table.to_csv(index=False) == text


def test_only_numbers_of_the_patients_are_shipped():
    allowed = {"comparison", "organs", "table", "choice", "second_device", "by_count"}
    for path in filter(lambda path: path.is_file(), FOLDER.rglob("*")):
        if path.parent == FOLDER:
            assert path.stem in allowed and path.suffix in {".csv", ".png", ".pdf"}, path
        else:
            assert path.name in FILES, path


def test_a_run_made_again_is_compared_with_the_shipped_one(tmp_path):
    shipped = RecordedRuns(runs_in(FIGURES))
    run = shipped.finished(shipped_rows()[0].configs)[0]
    ship(run, tmp_path / "same")
    same = agreement_table(shipped_rows(), shipped, [tmp_path / "same"])
    assert list(same["agrees"]) == ["bytes"] and list(same["largest_case_difference"]) == [0]
    (line,) = by_machine(same).to_dict("records")
    assert (line["runs"], line["bytes"], line["no"], line["largest_change"]) == (1, 1, 0, 0)
    ship(run, tmp_path / "other")
    scores = tmp_path / "other" / run.folder.name / "scores.csv"
    scores.write_text(scores.read_text().replace(",dice,0.", ",dice,0.0"))
    (scores.parent / "scores.json").unlink()
    other = agreement_table(shipped_rows(), shipped, [tmp_path / "other"])
    assert list(other["agrees"]) == ["no"] and (other["largest_case_difference"] > 5).all()


@pytest.mark.parametrize("repeated", ["", "elsewhere"])
def test_runs_are_shipped_once(tmp_path, repeated):
    sources = [runs_in(FIGURES)]
    first = ship_missing(sources, tmp_path)
    assert len(first) == len(list(runs_in(FIGURES).iterdir()))
    again = ship_missing(sources, tmp_path, repeated)
    assert again == (first if repeated else [])


def test_a_row_with_a_crop_of_its_own_keeps_its_published_mean():
    line = next(line for line in lines_of(FOLDER / "table.csv") if "MagicNet" in line["method"])
    assert line["method"].endswith("crops of 32 x 32 x 32") and line["published"] == "60.57"

"""A committed set of run records prints exactly a committed table.

After a change that is meant,
`PYTHONPATH=.:tests python tests/unit/report/tables/test_golden_table.py RESULTS` takes both from the
runs of `bash reproduce.sh --profile smoke --only table3 --results RESULTS`.
"""

import shutil
import sys
from pathlib import Path

import pytest

from guidednet.errors import InputError
from guidednet.report.tables.captions import Caption
from guidednet.report.tables.comparability import differences
from guidednet.report.tables.footnotes import runs_by_row
from guidednet.report.tables.formats import write_table
from guidednet.report.tables.table import make_table
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns
from guidednet.study.rows import table3
from helpers.paths import GOLDEN

TABLE = GOLDEN / "table3"
ROWS = table3(profile("smoke"), seeds=1)


def print_table(folder):
    store = RecordedRuns(TABLE / "runs")
    text = Caption("Table 3, from records.", tuple(differences(runs_by_row(ROWS, store))))
    write_table(make_table(ROWS, store, "table3", "fail"), folder, "table3", text)


def test_committed_records_print_the_committed_table(tmp_path):
    print_table(tmp_path)
    for ending in ("csv", "md", "tex"):
        assert (tmp_path / f"table3.{ending}").read_bytes() == (
            TABLE / f"table3.{ending}"
        ).read_bytes(), ending


def test_a_run_without_a_record_is_named():
    empty = RecordedRuns(TABLE / "elsewhere")
    assert empty.get(ROWS[0].configs[0]) is None
    with pytest.raises(InputError, match="flare22 cps, seed 0: the run has no record"):
        empty.get(ROWS[0].configs[0], "fail")


def take(results):
    """Copy the records and scores of Table 3's runs from a results folder, and print their table."""
    shutil.rmtree(TABLE, ignore_errors=True)
    found = RecordedRuns(results / "runs")
    for config in (config for row in ROWS for config in row.configs):
        source = found.get(config, "fail").folder
        target = TABLE / "runs" / source.name
        target.mkdir(parents=True)
        for name in ("record.json", "scores.csv"):
            shutil.copy(source / name, target)
    print_table(TABLE)


if __name__ == "__main__":
    take(Path(sys.argv[1]))

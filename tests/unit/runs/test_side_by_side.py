"""Which runs train beside each other: none before the run it starts from, and no worker idle."""

from types import SimpleNamespace

import pytest

from guidednet.runs.side_by_side import waves

# what each run starts from, by initialisation
STARTS = {
    "cps": {"kaiming": "start", "xavier": "other start"},
    "dhc": {"kaiming": "start", "xavier": "other start"},
    "supervised": {"kaiming": "start"},
    "all labels": {"kaiming": "start of all"},
    "from scratch": {},
    "start of all": {},
    "start": {},
    "other start": {},
}
RUNS = SimpleNamespace(identity=SimpleNamespace(warm_start=STARTS.get))


@pytest.mark.parametrize("jobs", [1, 2, 3, 4])
def test_every_run_comes_once_and_after_those_it_starts_from(jobs):
    parts = waves(RUNS, list(STARTS), jobs)
    assert sorted(run for part in parts for run in part) == sorted(STARTS)
    part_of = {run: place for place, part in enumerate(parts) for run in part}
    for run, starts in STARTS.items():
        assert all(part_of[start] < part_of[run] for start in starts.values())


def test_the_start_that_no_worker_is_free_for_trains_beside_other_runs():
    first, second, last = waves(RUNS, list(STARTS), jobs=2)
    assert first == ["start", "other start"]
    assert second[0] == "start of all" and {"cps", "dhc", "supervised", "from scratch"} == {
        *second[1:]
    }
    assert last == ["all labels"]

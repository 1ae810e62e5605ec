"""Two reproductions at once, each run a task of a cluster: nothing is trained twice."""

from helpers.reproduction import start, succeeded


def test_two_starts_at_once_train_nothing_twice_and_make_the_same_table(tmp_path):
    succeeded(start(tmp_path / "plain"), tmp_path / "plain")
    both = [start(tmp_path / "cluster", "--cluster", "local") for _ in range(2)]
    for process in both:
        succeeded(process, tmp_path / "cluster")
    tables = [
        (tmp_path / name / "figures" / "smoke" / "table3.csv").read_bytes()
        for name in ("plain", "cluster")
    ]
    assert tables[0] == tables[1]
    logs = "".join(
        path.read_text()
        for path in (tmp_path / "cluster" / "results" / "cluster").glob("*_log.out")
    )
    runs = len(list((tmp_path / "cluster" / "results" / "runs").glob("*/record.json")))
    assert logs.count("trained ") == runs == 6

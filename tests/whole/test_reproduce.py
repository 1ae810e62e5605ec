"""A whole reproduction at smoke size shows what is not trained as not run."""

from helpers.reproduction import said, start, succeeded

ITEMS = "start,table3"


def test_what_is_not_trained_is_shown_as_not_run(tmp_path):
    succeeded(start(tmp_path, "--no-training", item=ITEMS), tmp_path)
    assert not list((tmp_path / "results").rglob("*.pt"))
    assert "00_start_here: not executed, because it needs the run flare22-supervised" in said(
        tmp_path
    )
    table = (tmp_path / "figures" / "smoke" / "table3.md").read_text(encoding="utf-8")
    assert [line.count("not run") > 13 for line in table.splitlines() if line.startswith("|")][
        2:
    ] == [True] * 6
    page = (tmp_path / "results" / "smoke" / "index.html").read_text(encoding="utf-8")
    assert page.count("<td>not run</td>") >= 6

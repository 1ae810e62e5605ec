"""Every situation of the page 'when something goes wrong' ends as the page says."""

import shlex

import pytest
import torch

from helpers.command_line import call
from helpers.paths import ROOT
from helpers.situations import SITUATIONS, row, sentences
from helpers.tiny_runs import save_run

PAGE = ROOT / "docs" / "when-something-goes-wrong.md"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    torch.manual_seed(0)
    return save_run(tmp_path_factory.mktemp("run"), "supervised")


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.what)
def test_a_situation_ends_as_the_page_says(situation, run_folder, tmp_path, monkeypatch, capfd):
    situation.make(tmp_path)
    (tmp_path / "RUN").symlink_to(run_folder)
    monkeypatch.chdir(tmp_path)
    status = call(monkeypatch, *shlex.split(situation.command))
    said = sentences(capfd.readouterr().err, tmp_path)
    assert status == situation.status
    assert any(situation.says in line for line in said) if situation.says else not said
    if situation.command.startswith("predict "):
        made = [path for path in tmp_path.glob("out*") if path.is_file() or any(path.iterdir())]
        assert bool(made) == (status == 0 or "others are in" in said[0])
    assert row(situation, said) in PAGE.read_text(encoding="utf-8"), (
        f"the page lacks\n{row(situation, said)}\nwrite it with python -m tools.situations"
    )


def test_the_page_has_no_other_situations():
    table = PAGE.read_text(encoding="utf-8").partition("<!-- situations -->")[2]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    heads = [line for line in rows if line.startswith("| what ")]
    assert len(rows) - len(heads) == len(SITUATIONS)

"""Without pdoc, one sentence says what the API pages need."""

import sys

from tools import api


def test_without_pdoc_one_sentence_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pdoc", None)
    monkeypatch.setattr(sys, "argv", ["api", str(tmp_path / "api")])
    assert api.main() == 2
    said = capsys.readouterr().err
    assert said.startswith("api: the API pages need pdoc") and said.count("\n") == 1
    assert not (tmp_path / "api").exists()

"""What is printed beside a progress bar begins on a line of its own."""

import pytest

from guidednet.support.progress import bar, close_bars, tell


def lines(text):
    return [line.rpartition("\r")[2] for line in text.split("\n")]


def test_a_sentence_amid_a_bar_has_a_line_of_its_own(capsys):
    for item in bar("predict", "scan")(["a", "b"], 2):
        tell(f"{item} is doubtful")
    found = lines(capsys.readouterr().err)
    assert "guidednet: a is doubtful" in found and "guidednet: b is doubtful" in found


def test_a_bar_that_an_error_ends_is_closed_before_the_error_is_told(capsys):
    with pytest.raises(ValueError):
        for _ in (items := bar("predict")(range(3), 3)):
            raise ValueError
    close_bars()
    tell("broken")
    assert "guidednet: broken" in lines(capsys.readouterr().err) and items is not None


def test_a_bar_passes_every_item_on():
    assert list(bar("count")(iter("abc"), 3)) == ["a", "b", "c"]


def test_a_file_gets_no_redraws_but_a_line_for_every_tenth(capsys):
    assert len(list(bar("predict", "scan")(range(200), 200))) == 200
    said = capsys.readouterr().err
    assert "\r" not in said and len(said.splitlines()) == 10
    assert said.startswith("predict: 20/200 scans, ") and said.endswith("0:00 left\n")

"""Durations read as a person says them."""

import pytest

from guidednet.support.durations import in_words, on_a_clock


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (3600, "60 min"),
        (7_860, "2 h 10 min"),
        (302_400, "3.5 days"),
    ],
)
def test_a_duration_in_words(seconds, words):
    assert in_words(seconds) == words


@pytest.mark.parametrize(("seconds", "shown"), [(5, "0:05"), (125.4, "2:05"), (3725, "1:02:05")])
def test_a_duration_on_a_clock(seconds, shown):
    assert on_a_clock(seconds) == shown

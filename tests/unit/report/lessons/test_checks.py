"""Checks are counted, and those that fail are named together."""

import pytest

from guidednet.report.lessons import checks as module
from guidednet.report.lessons.checks import Checks


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(module, "display", lambda html: found.append(html.data))
    return found


def test_all_that_hold_are_counted_and_listed(shown):
    checks = Checks()
    checks.that("one <is> one", 1 == 1)
    checks.that("two is two", True, "never said")
    checks.report()
    (text,) = shown
    assert "2 of 2 checks hold" in text and "one &lt;is&gt; one" in text
    assert "never said" not in text and "NOT SO" not in text


def test_every_failure_is_named_with_its_reason(shown):
    checks = Checks()
    checks.that("a", False, "look at b")
    checks.that("c", True)
    checks.that("d", 0)
    with pytest.raises(AssertionError) as failure:
        checks.report()
    assert str(failure.value).splitlines() == [
        "1 of 3 checks hold",
        "not so: a (look at b)",
        "not so: d",
    ]
    assert shown[0].count("NOT SO") == 2


def test_no_check_at_all_fails(shown):
    with pytest.raises(AssertionError, match="0 of 0 checks hold"):
        Checks().report()

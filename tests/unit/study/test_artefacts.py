"""Only the tables and figures that are named are made."""

from guidednet.study.artefacts import ARTEFACTS, artefacts


def test_only_what_is_named_is_made():
    assert list(artefacts("table4,figure6")) == ["table4", "figure6"] and set(
        artefacts(None)
    ) == set(ARTEFACTS)
    assert list(artefacts("figure5")) == ["figure4"]

"""Only the tables and figures that are named are made, and only those that a profile can make."""

import pytest

from guidednet.errors import InputError
from guidednet.runs.profiles import profile
from guidednet.study.artefacts import ARTEFACTS, artefacts

QUICK, STUDY = profile("quick"), profile("study")


def test_only_what_is_named_is_made():
    assert list(artefacts("table4,figure6", QUICK)) == ["table4", "figure6"]
    assert set(artefacts(None, QUICK)) == set(ARTEFACTS)
    assert list(artefacts("figure5", QUICK)) == ["figure4"]


def test_a_profile_makes_what_its_data_sets_allow():
    assert list(artefacts(None, STUDY)) == ["study", "numbers"]
    with pytest.raises(InputError, match="this profile has no flare22, but btcv"):
        artefacts("table1", STUDY)

"""Options of `reproduce.sh lab` win over its own."""

import pytest

from helpers.jupyterlab import lab_starter, listening, status


@pytest.fixture
def lab(tmp_path):
    with lab_starter(tmp_path) as start:
        yield start


def test_options_of_its_own_win(lab):
    process, about = lab("--ip=127.0.0.2", "--IdentityProvider.token=mine")
    assert listening(process) == {"127.0.0.2"} and about["token"] == "mine"
    assert (
        status(f"{about['url']}api/contents?token=mine") == 200
        and status(f"{about['url']}api/contents") == 403
    )

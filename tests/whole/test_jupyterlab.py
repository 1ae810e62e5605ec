"""JupyterLab as reproduce.sh starts it: nobody on another machine, and nobody without its token,
comes in; who does stands at the first notebook and is not asked about news.
"""

import json
from urllib.request import urlopen

import pytest

from helpers.jupyterlab import PATIENCE, lab_starter, listening, status


@pytest.fixture
def lab(tmp_path):
    with lab_starter(tmp_path) as start:
        yield start


def test_an_open_configuration_of_the_users_does_not_open_it(lab):
    process, about = lab()
    assert listening(process) == {"127.0.0.1"}
    assert len(about["token"]) >= 32
    for door in ("api/contents", "api/kernels", "api/terminals"):
        assert status(f"{about['url']}{door}") == 403, door
        assert status(f"{about['url']}{door}?token=wrong") == 403, door
    assert status(f"{about['url']}api/contents?token={about['token']}") == 200
    check_start(about)
    for door in ("lab", "files/notebooks/00_start_here.ipynb"):
        with urlopen(f"{about['url']}{door}", timeout=PATIENCE) as page:
            assert "/login?" in page.url


def check_start(about):
    """It opens the first notebook, has the whole repository in reach, and asks for no news."""
    with urlopen(f"{about['url']}?token={about['token']}", timeout=PATIENCE) as page:
        assert page.url.partition("?")[0].endswith("/lab/tree/notebooks/00_start_here.ipynb")
    assert status(f"{about['url']}api/contents/figures/quick?token={about['token']}") == 200
    news = "lab/api/settings/@jupyterlab/apputils-extension:notification"
    with urlopen(f"{about['url']}{news}?token={about['token']}", timeout=PATIENCE) as answer:
        properties = json.load(answer)["schema"]["properties"]
    assert properties["fetchNews"]["default"] == "false"
    assert properties["checkForUpdates"]["default"] is False

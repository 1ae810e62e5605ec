"""What holds for every test: one thread, the locale that Python was started in, and the mark of its
folder.
"""

import locale
from pathlib import Path

import pytest
import torch

pytest.register_assert_rewrite("helpers")  # else a failed assertion there would show no values

LOCALE = locale.setlocale(locale.LC_ALL)
TESTS = Path(__file__).parent
MARKED = ("whole", "slow", "browser")  # folders of tests that pyproject.toml has a mark for


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items):
    """Mark every test by its folder."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in MARKED:
            item.add_marker(folder)


@pytest.fixture(autouse=True)
def own_locale():
    """SimpleITK, which writes some tests' DICOM, leaves a locale behind in which no output of a
    process can be read.
    """
    locale.setlocale(locale.LC_ALL, LOCALE)


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny tensors: more threads only get in each other's way."""
    torch.set_num_threads(1)

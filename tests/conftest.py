"""What holds for every test: one thread, and the locale that Python was started in."""

import locale

import pytest
import torch

pytest.register_assert_rewrite("helpers")  # else a failed assertion there would show no values

LOCALE = locale.setlocale(locale.LC_ALL)


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

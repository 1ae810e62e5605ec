"""Too little memory is a sentence with what would fit."""

import pytest
import torch

from guidednet.errors import OutOfMemoryError
from guidednet.runs.memory import GIB, advice, told_of_memory, training_memory
from guidednet.runs.profiles import profile
from helpers.tiny_runs import tiny_config

PAPER = profile("paper").run("flare22", "guidednet", (42, 378), seed=0)


def test_the_advice_names_what_would_fit():
    said = advice(PAPER, 10.8 * GIB, on_gpu=True)
    assert said == (
        "out of memory: the training needs about 18.2 GiB, this GPU has 10.8; use "
        "--set batch.labelled=2 --set batch.unlabelled=2, --accumulate 2, or --gpus 2"
    )
    assert training_memory(PAPER, processes=2) < 10.8 * GIB < training_memory(PAPER)


def test_the_advice_takes_as_many_parts_as_are_needed():
    assert "--accumulate 3, or --gpus 3" in advice(PAPER, 8 * GIB, on_gpu=True)
    assert "use a smaller --set batch.crop" in advice(PAPER, 3 * GIB, on_gpu=True)


def test_memory_that_others_use_is_said():
    assert "other programs may use it" in advice(PAPER, 80 * GIB, on_gpu=True)


def test_a_gpu_is_no_advice_for_a_cpu():
    assert "--gpus" not in advice(PAPER, 10 * GIB, on_gpu=False)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_errors_of_memory_become_one_sentence(error):
    with pytest.raises(OutOfMemoryError, match="out of memory: the training needs about"):
        with told_of_memory(tiny_config("cps"), torch.device("cpu")):
            raise error


def test_other_errors_stay():
    with pytest.raises(RuntimeError, match="shapes"):
        with told_of_memory(tiny_config("cps"), torch.device("cpu")):
            raise RuntimeError("shapes do not fit")

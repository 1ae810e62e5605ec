"""Several processes: the same results as one, one sentence for a lost one, a GPU for each."""

import pytest
import torch

from guidednet.errors import WorkerLostError
from guidednet.processes.workers import gpu_of_each, in_parallel, one_thread
from helpers.worker_tasks import die, refuse, square, visible_gpu


def test_two_processes_do_what_one_does():
    assert sorted(in_parallel(square, range(5), workers=2)) == list(
        in_parallel(square, range(5), workers=1)
    )


def test_the_first_exception_arrives():
    with pytest.raises(ValueError, match="no"):
        list(in_parallel(refuse, range(3), workers=2))


def test_a_killed_worker_is_one_sentence():
    with pytest.raises(WorkerLostError, match="fewer --jobs"):
        list(in_parallel(die, range(3), workers=2))


def test_one_thread_inside_and_as_before_after():
    torch.set_num_threads(2)
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("outside", "seen"), [("", {"0", "1"}), ("5,3,4", {"5", "3"})])
def test_each_worker_sees_one_gpu_of_those_that_it_may_use(outside, seen, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", outside)
    assert set(in_parallel(visible_gpu, range(6), workers=2, gpus=2)) == seen
    assert set(gpu_of_each(4, 2)) == seen and gpu_of_each(2, 0) == [None, None]

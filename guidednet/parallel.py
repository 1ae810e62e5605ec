"""The same job for many items, in several processes."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(job: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Results of `job` as they come; the first exception ends it, after the jobs that had begun.

    `job` and its results must be picklable. Scripts that call this need the usual `if __name__ == "__main__"`.
    """
    if workers == 1 or len(items) < 2:
        yield from map(job, items)
        return
    # Started afresh: a forked process could inherit a lock that another thread (a progress bar's, torch's) holds.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(items)), mp_context=context, initializer=_one_thread) as pool:
        futures = [pool.submit(job, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _one_thread() -> Any:
    """The processes share the cores; libraries that thread by themselves would fight over them."""
    import torch

    torch.set_num_threads(1)

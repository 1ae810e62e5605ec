"""The same job for many items, in several processes that never outlive the one that started them."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, TypeVar

from guidednet.errors import WorkerLostError
from guidednet.support.files import is_running
from guidednet.support.registry import Additions, add, additions

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

    import torch

VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"
Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parallel(
    job: Callable[[Item], Result], items: Sequence[Item], workers: int, gpus: int = 0
) -> Iterator[Result]:
    """Results of `job` as they come; the first exception ends it, after the jobs that had begun.

    With `gpus`, each worker sees one of them alone. `job` and its results must be picklable.
    Scripts that call this need the usual `if __name__ == "__main__"`. Raises WorkerLostError where
    a worker is killed from outside.
    """
    if workers == 1 or len(items) < 2:
        yield from map(job, items)
        return
    # A server without threads does the forking: a process forked from here could inherit a lock
    # that a thread of ours holds.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch"])
    visible = context.SimpleQueue()
    for name in gpu_of_each(workers, gpus):
        visible.put(name)
    with ProcessPoolExecutor(
        min(workers, len(items)),
        mp_context=context,
        initializer=_begin_worker,
        initargs=(visible, additions()),
    ) as pool:
        futures = [pool.submit(job, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise WorkerLostError(
                "a worker process was killed, perhaps for want of memory: run it again with fewer --jobs"
            ) from None
        except KeyboardInterrupt:
            for worker in multiprocessing.active_children():
                worker.terminate()  # whatever it was writing has a temporary name
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def computing(device: "torch.device") -> AbstractContextManager:
    """What a run computes in: one thread on the CPU, as it is elsewhere."""
    return nullcontext() if device.type == "cuda" else one_thread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it torch computes in one thread.

    Sums then have one order, so that results do not depend on how many cores there are or how many
    jobs share them.
    """
    import torch  # here, so that commands that only ask for cores need not wait for it

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def gpu_of_each(workers: int, gpus: int) -> list[str | None]:
    """For each worker the name of the GPU that is to be its own, of the first `gpus` that this
    process sees; None without GPUs.
    """
    seen = [name for name in os.environ.get(VISIBLE_GPUS, "").split(",") if name] or [
        str(number) for number in range(gpus)
    ]
    return [seen[worker % gpus] if gpus else None for worker in range(workers)]


def _begin_worker(visible: "SimpleQueue[str | None]", added: Additions) -> None:
    """One thread each, as the workers share the cores, a GPU that is visible, if any; what was
    `added` to the package from outside; and no life after the parent's.
    """
    import torch

    if (gpu := visible.get()) is not None:
        os.environ[VISIBLE_GPUS] = gpu  # nothing has asked CUDA for its devices yet
    torch.set_num_threads(1)
    end_with_parent()
    add(added)


def end_with_parent() -> None:
    """Let this process end as soon as the one that started it does, even where that is killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def end_with(process: int) -> None:
    """Let this process end soon after `process` does, which need not be its parent; with status 0,
    so that nobody starts it again.
    """
    threading.Thread(target=_watch, args=(process,), daemon=True).start()


def _watch(process: int) -> None:
    while is_running(process):
        time.sleep(0.5)
    os._exit(0)


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

"""One job for many items, in several processes that never outlive the one that started them."""

import multiprocessing
import os
import sys
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

UNGUARDED = (
    "guidednet: worker processes import this script again; put its calls of guidednet below"
    ' if __name__ == "__main__":'
)
VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"
Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parallel(
    job: Callable[[Item], Result], items: Sequence[Item], workers: int, gpus: int = 0
) -> Iterator[Result]:
    """Yield the results of `job` as they arrive.

    The first exception ends the iteration once the running jobs are done. With `gpus`, each worker
    sees only one of them. `job` and its results must be picklable. Scripts that call this need the
    usual `if __name__ == "__main__"`. Raises WorkerLostError if a worker is killed from outside.
    """
    if workers == 1 or len(items) < 2:
        yield from map(job, items)
        return
    context = start_context()
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
                "a worker process was killed, perhaps because memory ran out; "
                "run the command again with fewer --jobs, unless a sentence above says more"
            ) from None
        except KeyboardInterrupt:
            for worker in multiprocessing.active_children():
                worker.terminate()  # an unfinished file has a temporary name
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def start_context() -> multiprocessing.context.BaseContext:
    """How worker processes start: from a server that has imported torch, or anew on Windows.

    A server without threads does the forking: a process forked from here could inherit a lock that
    one of this process's threads holds. It loads what it is told before it forks first.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch"])
    return context


def refuse_unguarded_script() -> None:
    """End a worker process that runs the script which started it.

    A worker process imports that script again. If the script calls this package outside
    `if __name__ == "__main__":`, the worker would wait for its own parent.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        print(UNGUARDED, file=sys.stderr, flush=True)
        os._exit(2)


def computing(device: "torch.device") -> AbstractContextManager:
    """A context that limits a run to one thread unless it computes on a GPU."""
    return one_thread() if device.type == "cpu" else nullcontext()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread inside the block.

    Sums then have one order, so that results do not depend on the number of cores or on how many
    jobs share them.
    """
    import torch  # here, so that commands that only count cores need not wait

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def gpu_of_each(workers: int, gpus: int) -> list[str | None]:
    """The name of each worker's own GPU, one of the first `gpus` that this process sees.

    None for each worker without GPUs.
    """
    seen = [name for name in os.environ.get(VISIBLE_GPUS, "").split(",") if name] or [
        str(number) for number in range(gpus)
    ]
    return [seen[worker % gpus] if gpus else None for worker in range(workers)]


def _begin_worker(visible: "SimpleQueue[str | None]", added: Additions) -> None:
    """Set up a worker process.

    It gets one thread, because the workers share the cores; its own GPU, if any; and what was
    `added` to the package from outside. It ends when its parent does.
    """
    import torch

    if (gpu := visible.get()) is not None:
        os.environ[VISIBLE_GPUS] = gpu  # CUDA has not been initialised yet
    torch.set_num_threads(1)
    end_with_parent()
    add(added)


def end_with_parent() -> None:
    """Make this process end as soon as its parent does, even if the parent is killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def end_with(process: int) -> None:
    """Make this process end soon after `process` does, which need not be its parent.

    It ends with status 0, so that nothing starts it again.
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

"""A progress bar to which several processes report.

Each of them gets a `Reports`, whose calls pass through a queue to a thread here that draws the bar.
"""

import queue
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.managers import SyncManager
from threading import Thread
from typing import Any

from guidednet.processes.workers import end_with_parent, start_context
from guidednet.support.work_bar import REDRAWN, WorkBar


@dataclass(frozen=True)
class Reports:
    """What a process says about its work, as methods of WorkBar."""

    events: Any  # a queue, of this process or of a manager

    @contextmanager
    def item(self, name: str) -> Iterator[None]:
        """The item called `name` is in work inside the block."""
        self.events.put(("begin", name))
        try:
            yield
        finally:
            self.events.put(("end", name))

    def add(self, work: float, seconds: float) -> None:
        """So much more work is done, in so many `seconds`."""
        self.events.put(("add", work, seconds))

    def leave_out(self, work: float) -> None:
        """So much of the whole need not be done."""
        self.events.put(("leave_out", work))


@contextmanager
def shared_bar(bar: WorkBar, processes: bool) -> Iterator[Reports]:
    """Show `bar` while the block lasts; `processes` says whether other processes report too."""
    with ExitStack() as stack:
        events = stack.enter_context(_managed_queue()) if processes else queue.Queue()
        thread = Thread(target=_show, args=(bar, events), daemon=True)
        thread.start()
        try:
            yield Reports(events)
        finally:
            events.put(None)
            thread.join()


@contextmanager
def _managed_queue() -> Iterator[Any]:
    manager = SyncManager(ctx=start_context())
    manager.start(end_with_parent)
    with manager:
        yield manager.Queue()


def _show(bar: WorkBar, events: Any) -> None:
    """Hand what comes through `events` to `bar`, whose clock goes on in between."""
    while True:
        try:
            event = events.get(timeout=REDRAWN)
        except queue.Empty:
            bar.draw()
            continue
        if event is None:
            return bar.close()
        name, *values = event
        getattr(bar, name)(*values)

"""One progress bar for work of several kinds that goes on side by side."""

import time
from contextlib import ExitStack
from typing import Any

from guidednet.support.durations import on_a_clock
from guidednet.support.progress import LINES, drawn_bar, say, shown
from guidednet.support.time_left import TimeLeft

SHAPE = "{desc}: {percentage:3.0f}%|{bar:20}| "
REDRAWN = 0.5  # seconds between two pictures of a bar


class WorkBar:
    """The share of the work that is done, the time so far, the time left, and what is being done.

    `left` knows the work and its pace. A terminal shows a bar; a file gets a line for every tenth
    of the work, or with `names_first` one for every item as it begins.
    """

    def __init__(self, title: str, left: TimeLeft, names_first: bool = False) -> None:
        self.title, self.left, self.names_first = title, left, names_first
        self._began, self._drawn_at, self._tenths = time.monotonic(), 0.0, 0
        self._now: list[str] = []
        self._count = 0
        self._stack = ExitStack()
        kind = drawn_bar()
        self._bar: Any = None
        if kind is not None:
            self._bar = kind(
                total=1.0, desc=title, bar_format=SHAPE, dynamic_ncols=True, miniters=0
            )
            self._stack.enter_context(shown(self._bar))

    def begin(self, name: str) -> None:
        """An item begins."""
        self._now.append(name)
        self._count += 1
        if self.names_first and self._bar is None:
            say(f"{self.title} {self._count}/{self.left.total:.0f}: {name}, {self._time()}")
        self.draw()

    def add(self, work: float, seconds: float) -> None:
        """So much more work is done, in so many `seconds`."""
        self.left.add(work, seconds)
        tenths = int(self.left.share * LINES + 1e-9)
        if tenths > self._tenths and self._bar is None and not self.names_first:
            say(f"{self.title}: {self.left.share:.0%}, {self._words()}")
        self._tenths = tenths
        self.draw()

    def leave_out(self, work: float) -> None:
        """So much of the whole need not be done."""
        self.left.leave_out(work)

    def end(self, name: str) -> None:
        """An item is over."""
        if name in self._now:
            self._now.remove(name)

    def draw(self) -> None:
        """Draw the bar again, unless that was done a moment ago."""
        now = time.monotonic()
        if self._bar is not None and now - self._drawn_at >= REDRAWN:
            self._drawn_at, self._bar.n = now, self.left.share
            # tqdm's own place for words begins with a comma
            self._bar.bar_format = SHAPE + self._words().replace("{", "(").replace("}", ")")
            self._bar.refresh()

    def close(self) -> None:
        """Draw the last state, and leave it on its line."""
        self._drawn_at, self._now = 0.0, []
        self.draw()
        self._stack.close()

    def _words(self) -> str:
        return self._time() + (f" ({'; '.join(self._now)})" if self._now else "")

    def _time(self) -> str:
        seconds = self.left.seconds
        left = "" if seconds is None else f", about {on_a_clock(seconds)} left"
        return f"{on_a_clock(time.monotonic() - self._began)} so far{left}"

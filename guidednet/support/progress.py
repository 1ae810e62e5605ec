"""Progress bars with the time left, for anything that takes long.

A terminal shows a bar that is drawn again and again; a file gets a line for every tenth.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from guidednet.support.durations import on_a_clock

LINES = 10  # of progress outside a terminal
Progress = Callable[[Iterable, int], Iterable]


_open: list[Any] = []  # the bars that are drawn now


def bar(description: str, unit: str = "step") -> Progress:
    """A function that wraps an iterable of known length in a progress bar called `description`."""
    kind = drawn_bar()
    if kind is None:
        return lambda items, total: _in_lines(items, total, description, unit)

    def drawn(items: Iterable, total: int) -> Iterator:
        shape = {"desc": description, "unit": unit, "dynamic_ncols": True, "mininterval": 0.5}
        own = kind(items, total=total, **shape)
        with shown(own):
            yield from own

    return drawn


def drawn_bar() -> type | None:
    """The class of bars that a terminal shows; None outside one, or if tqdm is missing.

    A machine that only trains may have only torch, numpy, scipy and pandas.
    """
    if not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm


@contextmanager
def shown(own: Any) -> Iterator[None]:
    """Let `tell` and `close_bars` know of a drawn bar inside the block, which closes it."""
    _open.append(own)
    try:
        yield
    finally:
        own.close()
        if own in _open:
            _open.remove(own)


def close_bars() -> None:
    """End the bars that are drawn, so that what is printed next begins on a line of its own."""
    while _open:
        _open.pop().close()


def tell(text: str) -> None:
    """Print a sentence on stderr, on a line of its own even while a bar is drawn."""
    for drawn in _open:
        drawn.clear()
    print(f"guidednet: {text}", file=sys.stderr, flush=True)
    for drawn in _open:
        drawn.refresh()


def say(text: str) -> None:
    """Print a line of progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def _in_lines(items: Iterable, total: int, description: str, unit: str) -> Iterator:
    """`items`, with a line of progress printed after every tenth of them; none for a single one."""
    began = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if total > 1 and done * LINES // total > (done - 1) * LINES // total:
            so_far = time.monotonic() - began
            left = on_a_clock(so_far / done * (total - done))
            say(f"{description}: {done}/{total} {unit}s, {on_a_clock(so_far)} so far, {left} left")


def quiet(text: str) -> None:
    """Print nothing."""


def silent(items: Iterable, total: int) -> Iterable:
    """`items`, without a progress bar."""
    return items

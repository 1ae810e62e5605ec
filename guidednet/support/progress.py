"""Progress bars with the time left, for anything that takes long."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

LINES = 20  # of progress, if tqdm is not installed
Progress = Callable[[Iterable, int], Iterable]


_open: list[Any] = []  # the bars that are drawn now


def bar(description: str, unit: str = "step") -> Progress:
    """A function that wraps an iterable of known length in a progress bar called `description`."""
    try:
        from tqdm import tqdm
    except ImportError:  # a machine that only trains may have only torch, numpy, scipy and pandas
        return lambda items, total: _in_lines(items, total, description, unit)

    def drawn(items: Iterable, total: int) -> Iterator:
        shape = {"desc": description, "unit": unit, "dynamic_ncols": True, "mininterval": 0.5}
        own = tqdm(items, total=total, **shape)
        _open.append(own)
        try:
            yield from own
        finally:
            own.close()
            if own in _open:
                _open.remove(own)

    return drawn


def close_bars() -> None:
    """End the bars that are drawn, so that what is printed next begins on a line of its own."""
    while _open:
        _open.pop().close()


def tell(text: str) -> None:
    """Print a sentence on stderr, on a line of its own even while a bar is drawn."""
    for drawn in _open:
        drawn.clear()
    if _open and not sys.stderr.isatty():
        print(file=sys.stderr)  # only a terminal can take back what is on the line
    print(f"guidednet: {text}", file=sys.stderr, flush=True)
    for drawn in _open:
        drawn.refresh()


def _in_lines(items: Iterable, total: int, description: str, unit: str) -> Iterator:
    """`items`, with a line of progress printed after every twentieth of them."""
    began = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if done * LINES // total > (done - 1) * LINES // total:
            left = (time.monotonic() - began) / done * (total - done)
            print(
                f"{description}: {done}/{total} {unit}s, {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )


def quiet(text: str) -> None:
    """Print nothing."""


def silent(items: Iterable, total: int) -> Iterable:
    """`items`, without a progress bar."""
    return items

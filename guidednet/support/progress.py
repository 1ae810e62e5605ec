"""Progress bars with the time left, for anything that takes long."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator

LINES = 20  # of progress, if tqdm is not installed
Progress = Callable[[Iterable, int], Iterable]


def bar(description: str, unit: str = "step") -> Progress:
    """A function that wraps an iterable of known length in a progress bar called `description`."""
    try:
        from tqdm import tqdm
    except ImportError:  # a machine that only trains may have only torch, numpy, scipy and pandas
        return lambda items, total: _in_lines(items, total, description, unit)
    return lambda items, total: tqdm(
        items, total=total, desc=description, unit=unit, dynamic_ncols=True, mininterval=0.5
    )


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

"""Progress bars with the time left, for whatever takes long."""

from collections.abc import Callable, Iterable

from tqdm import tqdm

Progress = Callable[[Iterable, int], Iterable]


def bar(description: str, unit: str = "step") -> Progress:
    """A function that wraps an iterable of known length in a progress bar called `description`."""
    return lambda items, total: tqdm(items, total=total, desc=description, unit=unit, dynamic_ncols=True, mininterval=0.5)


def quiet(text: str) -> None:
    """Say nothing."""


def silent(items: Iterable, total: int) -> Iterable:
    """No bar."""
    return items

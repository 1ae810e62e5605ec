"""How long work will still take, from what is done and how long that took."""

import math

MEMORY = 0.3  # share of the whole over which an observation loses two thirds of its weight
TRUST = 0.01  # share of the whole that the pace expected beforehand weighs


class TimeLeft:
    """The seconds that `workers` side by side need for the rest of `total` units of work.

    The pace, in seconds of one worker per unit, is a mean over the work done, in which recent work
    counts more: it follows a machine that becomes busy, without jumping. `pace` is what is expected
    beforehand; without it, nothing is known until something is done.
    """

    def __init__(self, total: float, pace: float | None = None, workers: int = 1) -> None:
        self.total, self.done, self.workers = total, 0.0, workers
        self._weight = TRUST * total if pace is not None else 0.0
        self._time = self._weight * (pace or 0.0)

    def add(self, work: float, seconds: float) -> None:
        """So much more work is done, which took a worker so many `seconds`."""
        kept = math.exp(-work / (MEMORY * self.total)) if self.total > 0 else 0.0
        self._time = self._time * kept + seconds
        self._weight = self._weight * kept + work
        self.done += work

    def leave_out(self, work: float) -> None:
        """So much of the whole need not be done."""
        self.total = max(self.total - work, self.done)

    @property
    def share(self) -> float:
        """The share of the work that is done, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total > 0 else 1.0

    @property
    def seconds(self) -> float | None:
        """The seconds left; None as long as nothing is known."""
        if self._weight <= 0:
            return None
        left = max(self.total - self.done, 0.0)
        return left * self._time / self._weight / self.workers

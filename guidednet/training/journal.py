"""What can be seen of a training while it runs: its curves so far, where it stands, TensorBoard.

`curves.csv` is written whole at every look, under another name first, so that a reader never finds
half a line, whenever the training is killed. `status.json` is there as long as the training is.
"""

import json
import os
import platform
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from guidednet.errors import InputError
from guidednet.processes.distributed import rank
from guidednet.support.files import write_bytes
from guidednet.training.state import TrainingState, curves_text

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

STATUS = "status.json"
TENSORBOARD = "TENSORBOARD"  # the environment variable that asks for it, in every process


class Journal(AbstractContextManager):
    """The journal of the training in `folder` that is to take `steps` steps.

    Only the first process writes. With TENSORBOARD in the environment, the curves also go to event
    files in the folder's `tensorboard`.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        self.folder, self.steps, self.began = folder, steps, time.perf_counter()
        self.writes, self.last = rank() == 0, 0
        self.events: SummaryWriter | None = None

    def begin(self, state: TrainingState) -> None:
        """Show `state`, from which the training goes on; later rows of the curves are dropped."""
        if not self.writes:
            return
        self.last = state.step
        if wanted():
            self.events = _event_writer(self.folder / "tensorboard", state.step)
        if not state.curves:
            (self.folder / "curves.csv").unlink(missing_ok=True)
        self.show(state)

    def show(self, state: TrainingState) -> None:
        """Write the curves so far, and where the training stands."""
        if not self.writes:
            return
        if state.curves:
            self._write("curves.csv", curves_text(state))
        self._write(STATUS, json.dumps(self._status(state), indent=1))
        if self.events is not None:
            self._add_events(self.events, state)
        self.last = state.step

    def __exit__(self, *error: object) -> None:
        """The training has ended, well or not."""
        if self.writes:
            (self.folder / STATUS).unlink(missing_ok=True)
        if self.events is not None:
            self.events.close()

    def _write(self, name: str, text: str) -> None:
        """Write a file that the training itself does not need, so that it need not wait for it."""
        write_bytes(self.folder / name, text.encode(), flushed=False)

    def _status(self, state: TrainingState) -> dict[str, object]:
        done = state.step - state.first_step
        return {
            "step": state.step,
            "steps": self.steps,
            "best_step": state.best_step,
            # NaN without validation cases, and below 0 before the first look
            "best_validation_dice": state.best_dice if state.best_dice >= 0 else None,
            "seconds_per_step": (time.perf_counter() - self.began) / done if done else None,
            "updated": time.time(),
            "process": os.getpid(),
            "machine": platform.node(),
        }

    def _add_events(self, events: "SummaryWriter", state: TrainingState) -> None:
        for step in sorted(step for step in state.curves if step > self.last):
            for name, value in state.curves[step].items():
                events.add_scalar(name, value, step)
        events.flush()


def wanted() -> bool:
    """Whether the environment asks for TensorBoard's event files."""
    return os.environ.get(TENSORBOARD, "") not in ("", "0")


def _event_writer(folder: Path, step: int) -> "SummaryWriter":
    """A writer of event files in `folder`; earlier events of steps after `step` are hidden."""
    check_tensorboard()
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=step + 1)


def check_tensorboard() -> None:
    """Raise InputError if the package that writes event files is missing."""
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError as error:
        raise InputError(
            "--tensorboard: the package tensorboard is missing; pip install tensorboard, or leave "
            "the option out, because curves.csv has the same numbers"
        ) from error

"""The run store: a run is requested by its configuration, and made once."""

from collections.abc import Callable, Iterable
from typing import Literal, get_args

import torch

from guidednet.config import RunConfig
from guidednet.data.splits import Split
from guidednet.errors import InputError, one_of
from guidednet.methods import Method, method_class
from guidednet.runs.environment import number_of_environment
from guidednet.runs.identity import RunIdentity
from guidednet.runs.make import RunMaker
from guidednet.runs.record import Run, load_weights, read_run
from guidednet.runs.torchrun import launch
from guidednet.runs.workspace import Workspace
from guidednet.support.progress import Progress, bar
from guidednet.support.registry import travels
from guidednet.training.device import device_of
from guidednet.training.loop import refuse_idle_processes

OnMissing = Literal["train", "blank", "fail"]


class RunStore:
    """All runs of a workspace: read if they are finished, made if they are not.

    Runs are trained on `device`. If it is None, as in the notebooks, they use as many GPUs as the
    environment variable GPUS says, or the CPU. On the CPU a run trains in one thread, so that its
    numbers are the same on any number of cores. With `processes` > 1 torchrun trains it on that
    many GPUs, or processes of the CPU, which share each batch; their number is part of a run's
    record but not of its key. A method whose class stands in a notebook is unknown to other
    processes and trains in this one. `progress`, called with a run's name, wraps the iteration over
    its steps. Of several runs, one that fails stops the others only with `fail_fast`; `failed` has
    the reasons of those that did (guidednet.runs.failures).
    """

    def __init__(
        self,
        workspace: Workspace,
        device: torch.device | str | None = None,
        progress: Callable[[str], Progress] = bar,
        processes: int = 1,
        fail_fast: bool = False,
    ) -> None:
        gpus = number_of_environment("GPUS") if device is None else 0
        self.workspace = workspace
        self.identity = RunIdentity(workspace)
        self.device = device_of(gpus) if device is None else torch.device(device)
        self.processes = max(processes, gpus)
        self.progress = progress
        self.fail_fast = fail_fast
        self.failed: dict[RunConfig, str] = {}

    def get(self, config: RunConfig, on_missing: OnMissing = "train") -> Run | None:
        """The finished run of `config`, scored.

        If it is not finished, `on_missing` "train" trains it or goes on with it, "blank" returns
        None, and "fail" raises InputError.
        """
        one_of("on_missing", on_missing, get_args(OnMissing))
        if on_missing != "train" and self.identity.status(config) != "finished":
            if on_missing == "blank":
                return None
            name, fix = self.identity.name(config), "use on_missing='train' or reproduce.sh"
            raise InputError(f"{name}: this run is not finished; {fix}")
        self._have_made(config)
        return read_run(config, self.identity.folder(config), self.identity.key(config))

    def finished(self, configs: Iterable[RunConfig]) -> list[Run]:
        """The finished runs of `configs`; nothing is trained."""
        found = [self.get(config, "blank") for config in configs]
        return [run for run in found if run is not None]

    def split(self, config: RunConfig) -> Split:
        """The cases on which the run is trained, validated and tested."""
        return self.identity.split(config)

    def failure(self, config: RunConfig) -> str | None:
        """The reason why the last attempt to make the run failed; None if it did not."""
        return self.identity.failure(config)

    def load_method(self, config: RunConfig, weights: str = "weights.pt") -> Method:
        """The trained method of a run on the CPU.

        `weights` is "weights.pt" (the best validation step) or "weights_last.pt".
        """
        return load_weights(config, self.identity.folder(config) / weights)

    def _have_made(self, config: RunConfig) -> None:
        """Make the run here, or on several processes that torchrun starts.

        What is made already is not touched, so that a folder which is only read will do.
        """
        if self.identity.is_scored(config):
            return
        if self.processes == 1 or not travels(method_class(config.method)):
            RunMaker(self.identity, self.device, self.progress).make(config)
        else:
            refuse_idle_processes(config, self.processes)
            launch(self.workspace, config, self.device.type == "cuda", self.processes)

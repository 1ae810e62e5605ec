"""What all methods share: a method is an nn.Module whose forward returns its named, weighted loss
terms.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from guidednet.data.sampling import Batch
from guidednet.errors import check_choices
from guidednet.losses import ramp
from guidednet.networks import NetworkConfig, NetworkOutput, build_network
from guidednet.optimiser import OptimiserConfig, make_optimiser

Predictor = Callable[[Tensor], NetworkOutput]


@dataclass(frozen=True)
class NoOptions:
    """A method without hyperparameters of its own."""


@dataclass(frozen=True)
class MethodSetup:
    """What a method is built from, besides its options.

    `labelled_voxels` (K,) counts the voxels of each class over the labelled training cases, never
    over unlabelled ones. `steps` is the length of the training and `crop` the size (D,H,W) of its
    crops. Ramps reach their full weight after `ramp_steps` steps, rising every `ramp_staircase`
    steps.
    """

    num_classes: int
    network: NetworkConfig
    ramp_steps: int
    seed: int
    labelled_voxels: Tensor
    steps: int
    crop: tuple[int, int, int]
    initialisation: str = "kaiming"
    ramp_staircase: int | None = None

    def build_network(self, initialisation: str) -> nn.Module:
        """A new network whose weights depend on seed and initialisation alone."""
        return build_network(self.network, self.num_classes, initialisation, self.seed)


class Method(nn.Module):
    """A way of learning from labelled and unlabelled crops. Its forward is its loss.

    Subclasses build their networks in `__init__` and implement `forward(batch, step)`, which
    returns the loss terms by name, already weighted: their sum is minimised. Running statistics are
    buffers, so that checkpoints carry them.
    """

    Config: ClassVar[type] = NoOptions
    # What tables call the method; its name in METHODS where it is empty.
    label: ClassVar[str] = ""
    # Whether the paper compares it: others get rows below the printed ones in Tables 1 and 2.
    in_paper: ClassVar[bool] = False
    uses_unlabelled: ClassVar[bool] = True
    # The warm start weights that the networks start from; empty for the one initialisation of the run.
    initialisations: ClassVar[tuple[str, ...]] = ()
    # Network passes (forward and backward over one row) per row of a batch, for estimates before a
    # first run.
    relative_cost: ClassVar[float] = 1.0
    # Whether batches must carry the signed distance maps of their labelled rows.
    uses_distance_maps: ClassVar[bool] = False

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__()
        check_choices(options)
        self.setup = setup
        self.options = options

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The weighted loss terms of `batch` at `step` (0, 1, ...), each a scalar."""
        raise NotImplementedError

    def warm_start_networks(self) -> dict[str, nn.Module]:
        """The networks that a shared supervised warm start may start, by initialisation."""
        raise NotImplementedError

    def start_from(self, warm_start: dict[str, dict[str, Tensor]]) -> None:
        """Load the weights of a shared warm start, by initialisation."""
        for initialisation, weights in warm_start.items():
            self.warm_start_networks()[initialisation].load_state_dict(weights)

    def optimisers(self, config: OptimiserConfig) -> list[torch.optim.Optimizer]:
        """One optimiser over all trainable parameters; groups marked "scheduled" follow the
        polynomial decay.
        """
        return [make_optimiser(config, self.parameters())]

    def log(self) -> dict[str, float]:
        """Further numbers for the curves (class weights, thresholds); none by default."""
        return {}

    def after_step(self, step: int) -> None:
        """Called after the optimiser step; the place of moving-average teachers."""

    def predictors(self) -> dict[str, Predictor]:
        """The segmenters to score: "primary" is the one that selects the best step and fills the
        tables.
        """
        raise NotImplementedError

    def ramp_weight(self, step: int) -> float:
        """r(step / ramp_steps), the ramp of the unsupervised terms (0.0067 at the start, 1 at the
        end).
        """
        return ramp(step, self.setup.ramp_steps, self.setup.ramp_staircase)


class SingleNetworkMethod(Method):
    """One network that is trained and scored."""

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__(setup, options)
        self.network = setup.build_network(setup.initialisation)

    def warm_start_networks(self) -> dict[str, nn.Module]:
        """The one network, under the initialisation it was built with."""
        return {self.setup.initialisation: self.network}

    def predictors(self) -> dict[str, Predictor]:
        """The one network."""
        return {"primary": self.network}


class MeanTeacherMethod(Method):
    """A student, and a teacher whose weights are the moving average of the student's (Tarvainen and
    Valpola, 2017).

    After step i the teacher becomes a teacher + (1 - a) student with a = min(1 - 1 / (i + 1),
    `momentum`): after the first step it equals the student. It has no gradient; the student is the
    primary predictor.
    """

    momentum = 0.99

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__(setup, options)
        self.student = setup.build_network(setup.initialisation)
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)

    def warm_start_networks(self) -> dict[str, nn.Module]:
        """The student; the teacher follows in `start_from`."""
        return {self.setup.initialisation: self.student}

    def start_from(self, warm_start: dict[str, dict[str, Tensor]]) -> None:
        """Load the warm start into the student, and the student into the teacher."""
        super().start_from(warm_start)
        self.teacher.load_state_dict(self.student.state_dict())

    def predictors(self) -> dict[str, Predictor]:
        """The student is primary; the teacher is scored too."""
        return {"primary": self.student, "teacher": self.teacher}

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """Move the teacher towards the student."""
        share = 1 - min(1 - 1 / (step + 1), self.momentum)
        for teacher, student in zip(
            self.teacher.parameters(), self.student.parameters(), strict=True
        ):
            teacher.lerp_(student, share)

    @torch.no_grad()
    def teacher_logits(self, image: Tensor, noise: float = 0.1, limit: float = 0.2) -> Tensor:
        """The teacher's logits of `image` (B,1,D,H,W) under clipped Gaussian noise, in units of the
        [0, 1] intensities.
        """
        return self.teacher(image + (noise * torch.randn_like(image)).clamp(-limit, limit)).logits


class TwoNetworkMethod(Method):
    """Two networks of one architecture, A (kaiming) and B (xavier), that both see the whole batch."""

    relative_cost = 2.0
    initialisations = ("kaiming", "xavier")

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__(setup, options)
        self.network_a = setup.build_network("kaiming")
        self.network_b = setup.build_network("xavier")

    def warm_start_networks(self) -> dict[str, nn.Module]:
        """Network A starts from the warm start of kaiming weights, B from that of xavier weights."""
        return {"kaiming": self.network_a, "xavier": self.network_b}

    def predictors(self) -> dict[str, Predictor]:
        """Network A is primary; the ensemble averages the logits of A and B."""
        return {"primary": self.network_a, "ensemble": self.ensemble}

    def ensemble(self, image: Tensor) -> NetworkOutput:
        """The mean of the two networks' logits; `image` (B,1,D,H,W)."""
        a, b = self.network_a(image), self.network_b(image)
        return NetworkOutput(torch.stack([a.logits, b.logits]).mean(0), a.decoder)

"""The base of all methods: an nn.Module whose forward returns its named, weighted loss terms."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from guidednet.data.sampling import Batch
from guidednet.errors import check_choices
from guidednet.losses import ramp
from guidednet.networks import NetworkConfig, NetworkOutput, UNet3D, build_network
from guidednet.optimiser import OptimiserConfig, make_optimiser

Predictor = Callable[[Tensor], NetworkOutput]


@dataclass(frozen=True)
class NoOptions:
    """The options of a method that has no hyperparameters of its own."""


@dataclass(frozen=True)
class MethodSetup:
    """Everything that a method is built from, besides its options.

    `labelled_voxels` (K,) counts the voxels of each class over the labelled training cases, never
    over unlabelled ones. `steps` is the length of the training and `crop` the size (D,H,W) of its
    crops. Ramps reach their full weight after `ramp_steps` steps, rising every `ramp_staircase`
    steps. A class without labelled voxels takes part in nothing if `omits_absent_classes`.
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
    omits_absent_classes: bool = True

    @property
    def takes_part(self) -> Tensor:
        """Whether each class takes part in the training (K,)."""
        return (self.labelled_voxels > 0) | (not self.omits_absent_classes)

    def build_network(self, initialisation: str) -> nn.Module:
        """Build a network whose weights depend only on the seed and `initialisation`."""
        network = build_network(self.network, self.num_classes, initialisation, self.seed)
        network.absent.copy_(~self.takes_part)
        return network


class Method(nn.Module):
    """A way of learning from labelled and unlabelled crops. Its forward is its loss.

    Subclasses build their networks in `__init__` and implement `forward(batch, step)`, which
    returns the loss terms by name, already weighted; training minimises their sum. Running
    statistics are buffers, so that checkpoints include them.
    """

    Config: ClassVar[type] = NoOptions
    # The method's name in tables; if empty, its name in METHODS.
    label: ClassVar[str] = ""
    # Whether the paper compares it; other methods get rows below the paper's in Tables 1 and 2.
    in_paper: ClassVar[bool] = False
    uses_unlabelled: ClassVar[bool] = True
    # Whether it trains on the hidden labels of the unlabelled cases, as an upper bound.
    uses_hidden_labels: ClassVar[bool] = False
    # The warm starts that the networks load; empty for the run's own initialisation alone.
    initialisations: ClassVar[tuple[str, ...]] = ()
    # Network passes (forward and backward over one row) per row of a batch; estimates the cost
    # before a first run.
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
        """The networks that can start from a shared supervised warm start, by initialisation."""
        raise NotImplementedError

    def start_from(self, warm_start: dict[str, dict[str, Tensor]]) -> None:
        """Load the weights of a shared warm start, given by initialisation."""
        for initialisation, weights in warm_start.items():
            self.warm_start_networks()[initialisation].load_state_dict(weights)

    def optimisers(self, config: OptimiserConfig) -> list[torch.optim.Optimizer]:
        """One optimiser over all trainable parameters.

        Parameter groups marked "scheduled" follow the polynomial decay.
        """
        return [make_optimiser(config, self.parameters())]

    def networks(self) -> dict[str, UNet3D]:
        """The method's networks by name, teachers included."""
        return {name: child for name, child in self.named_children() if isinstance(child, UNet3D)}

    def heads(self) -> dict[str, nn.Module]:
        """The other trained parts by name: distance heads, locators, discriminators."""
        return {
            name: child
            for name, child in self.named_children()
            if not isinstance(child, UNet3D) and any(True for _ in child.parameters())
        }

    def log(self, batch: Batch) -> dict[str, float]:
        """Further numbers for the curves, such as class weights; `batch` is that of the last step.

        Names with a "/" are not drawn beside the loss terms. Nothing may be drawn from a random
        generator: how often a run is logged must not change it.
        """
        return {}

    def after_step(self, step: int) -> None:
        """Run after each optimiser step; moving-average teachers are updated here."""

    def predictors(self) -> dict[str, Predictor]:
        """The segmenters to score; "primary" selects the best step and fills the tables."""
        raise NotImplementedError

    def absent(self) -> Tensor:
        """Whether no labelled case has a voxel of the class (K,): networks never predict it."""
        none = torch.zeros(self.setup.num_classes, dtype=torch.bool)
        return next((network.absent.cpu() for network in self.networks().values()), none)

    def ramp_weight(self, step: int) -> float:
        """The unsupervised terms' ramp r(step / ramp_steps): 0.0067 at the start, 1 at the end."""
        return ramp(step, self.setup.ramp_steps, self.setup.ramp_staircase)


class SingleNetworkMethod(Method):
    """A method that trains and scores one network."""

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__(setup, options)
        self.network = setup.build_network(setup.initialisation)

    def warm_start_networks(self) -> dict[str, nn.Module]:
        """The network, under the initialisation it was built with."""
        return {self.setup.initialisation: self.network}

    def predictors(self) -> dict[str, Predictor]:
        """The network, as the primary predictor."""
        return {"primary": self.network}


class MeanTeacherMethod(Method):
    """A student, and a teacher that averages its weights over time (Tarvainen and Valpola, 2017).

    After step i the teacher becomes a teacher + (1 - a) student with a = min(1 - 1 / (i + 1),
    `momentum`); after the first step it equals the student. The teacher has no gradient; the
    student is the primary predictor.
    """

    momentum = 0.99

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__(setup, options)
        self.student = setup.build_network(setup.initialisation)
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)

    def warm_start_networks(self) -> dict[str, nn.Module]:
        """The student; `start_from` copies it into the teacher."""
        return {self.setup.initialisation: self.student}

    def start_from(self, warm_start: dict[str, dict[str, Tensor]]) -> None:
        """Load the warm start into the student, and the student into the teacher."""
        super().start_from(warm_start)
        self.teacher.load_state_dict(self.student.state_dict())

    def predictors(self) -> dict[str, Predictor]:
        """The student (primary) and the teacher."""
        return {"primary": self.student, "teacher": self.teacher}

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """Move the teacher towards the student."""
        self.move(self.teacher, step)

    @torch.no_grad()
    def move(self, teacher: nn.Module, step: int) -> None:
        """Move `teacher` towards the student, as after its own step number `step`."""
        share = 1 - min(1 - 1 / (step + 1), self.momentum)
        for own, student in zip(teacher.parameters(), self.student.parameters(), strict=True):
            own.lerp_(student, share)

    @torch.no_grad()
    def teacher_logits(self, image: Tensor, noise: float = 0.1, limit: float = 0.2) -> Tensor:
        """The teacher's logits of `image` (B,1,D,H,W) under clipped Gaussian noise.

        `noise` (its sd) and `limit` are in units of the [0, 1] intensities.
        """
        return self.teacher(image + (noise * torch.randn_like(image)).clamp(-limit, limit)).logits


class TwoNetworkMethod(Method):
    """Two networks of one architecture, A (kaiming) and B (xavier), that see the whole batch."""

    relative_cost = 2.0
    initialisations = ("kaiming", "xavier")

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__(setup, options)
        self.network_a = setup.build_network("kaiming")
        self.network_b = setup.build_network("xavier")

    def warm_start_networks(self) -> dict[str, nn.Module]:
        """Network A under the kaiming initialisation, network B under xavier."""
        return {"kaiming": self.network_a, "xavier": self.network_b}

    def predictors(self) -> dict[str, Predictor]:
        """Network A is primary; the ensemble averages the logits of A and B."""
        return {"primary": self.network_a, "ensemble": self.ensemble}

    def ensemble(self, image: Tensor) -> NetworkOutput:
        """Average the logits of both networks; `image` (B,1,D,H,W)."""
        a, b = self.network_a(image), self.network_b(image)
        return NetworkOutput(torch.stack([a.logits, b.logits]).mean(0), a.decoder)

"""What all methods share: a method is an nn.Module whose forward returns its named, weighted loss terms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from guidednet.losses import ramp
from guidednet.networks import NetworkConfig, NetworkOutput, build_network
from guidednet.optimiser import OptimiserConfig, make_optimiser
from guidednet.sampling import Batch

Predictor = Callable[[Tensor], NetworkOutput]


@dataclass(frozen=True)
class NoOptions:
    """A method without hyperparameters of its own."""


@dataclass(frozen=True)
class MethodSetup:
    """What a method is built from, besides its options.

    `labelled_voxels` (K,) counts the voxels of each class over the labelled training cases (never over
    unlabelled ones). Ramps reach their full weight after `ramp_steps` steps, rising every `ramp_staircase` steps.
    """

    num_classes: int
    network: NetworkConfig
    ramp_steps: int
    seed: int
    labelled_voxels: Tensor
    initialisation: str = "kaiming"
    ramp_staircase: int | None = None

    def build_network(self, initialisation: str) -> nn.Module:
        """A new network whose weights depend on seed and initialisation alone."""
        return build_network(self.network, self.num_classes, initialisation, self.seed)


class Method(nn.Module):
    """A way of learning from labelled and unlabelled crops. Its forward is its loss.

    Subclasses build their networks in `__init__` and implement `forward(batch, step)`, which returns the
    loss terms by name, already weighted: their sum is minimised. Running statistics are buffers, so that
    checkpoints carry them.
    """

    Config: ClassVar[type] = NoOptions
    uses_unlabelled: ClassVar[bool] = True
    # The burn-in weights that the networks start from; empty for the one initialisation of the run.
    initialisations: ClassVar[tuple[str, ...]] = ()
    # Network passes (forward and backward over one row) per row of a batch, for estimates before a first run.
    relative_cost: ClassVar[float] = 1.0

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__()
        self.setup = setup
        self.options = options

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The weighted loss terms of `batch` at `step` (0, 1, ...), each a scalar."""
        raise NotImplementedError

    def burn_in_networks(self) -> dict[str, nn.Module]:
        """The networks that a shared supervised burn-in may start, by initialisation."""
        raise NotImplementedError

    def optimisers(self, config: OptimiserConfig) -> list[torch.optim.Optimizer]:
        """One optimiser over all trainable parameters; groups marked "scheduled" follow the polynomial decay."""
        return [make_optimiser(config, self.parameters())]

    def log(self) -> dict[str, float]:
        """Further numbers for the curves (class weights, thresholds); none by default."""
        return {}

    def after_step(self, step: int) -> None:
        """Called after the optimiser step; the place of moving-average teachers."""

    def predictors(self) -> dict[str, Predictor]:
        """The segmenters to score: "primary" is the one that selects the best step and fills the tables."""
        raise NotImplementedError

    def ramp_weight(self, step: int) -> float:
        """r(step / ramp_steps), the ramp of the unsupervised terms (0.0067 at the start, 1 at the end)."""
        return ramp(step, self.setup.ramp_steps, self.setup.ramp_staircase)


class TwoNetworkMethod(Method):
    """Two networks of one architecture, A (kaiming) and B (xavier), that both see the whole batch."""

    relative_cost = 2.0
    initialisations = ("kaiming", "xavier")

    def __init__(self, setup: MethodSetup, options: Any) -> None:
        super().__init__(setup, options)
        self.network_a = setup.build_network("kaiming")
        self.network_b = setup.build_network("xavier")

    def burn_in_networks(self) -> dict[str, nn.Module]:
        """Network A starts from the burn-in of kaiming weights, B from that of xavier weights."""
        return {"kaiming": self.network_a, "xavier": self.network_b}

    def predictors(self) -> dict[str, Predictor]:
        """Network A is primary; the ensemble averages the logits of A and B."""
        return {"primary": self.network_a, "ensemble": self.ensemble}

    def ensemble(self, image: Tensor) -> NetworkOutput:
        """The mean of the two networks' logits; `image` (B,1,D,H,W)."""
        a, b = self.network_a(image), self.network_b(image)
        return NetworkOutput(torch.stack([a.logits, b.logits]).mean(0), a.decoder)

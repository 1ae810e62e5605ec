"""DTC: dual-task consistency (Luo et al., AAAI 2021).

It was published for one organ; here each organ has a distance map and the background has no map.
The supervised term is the one that all methods share, instead of Dice alone. Weights 0.3 and 1.0
and the steepness 1500 are as published; neither side is detached.
"""

from dataclasses import dataclass

from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import batch_mean, full_precision, supervised_loss
from guidednet.methods.base import MethodSetup, SingleNetworkMethod
from guidednet.methods.parts.distance_head import DistanceHead, distance_loss


@dataclass(frozen=True)
class DTCConfig:
    """Options of DTC.

    `beta` weighs the distance maps, `weight` the consistency at full ramp; `kappa` is the steepness
    of the transform.
    """

    beta: float = 0.3
    weight: float = 1.0
    kappa: float = 1500.0


class DualTaskConsistency(SingleNetworkMethod):
    """L = L_sup + beta L_sdm + w(i) mean (T(s_k) - p_k)^2 over all rows and organs."""

    label = "DTC"
    in_paper = True
    Config = DTCConfig
    uses_distance_maps = True
    relative_cost = 1.1

    def __init__(self, setup: MethodSetup, options: DTCConfig) -> None:
        super().__init__(setup, options)
        self.distance_head = DistanceHead(setup)

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Supervised, distance-map and consistency terms."""
        labelled, options = len(batch.label), self.options
        output = self.network(batch.image)
        maps = self.distance_head(output)
        consistency = batch_mean(
            (transform(maps, options.kappa) - output.logits.softmax(1)[:, 1:]).square()
        )
        return {
            "supervised": supervised_loss(output.logits[:labelled], batch.label),
            "distance": options.beta * distance_loss(maps[:labelled], batch.distance_maps),
            "consistency": options.weight * self.ramp_weight(step) * consistency,
        }


@full_precision
def transform(distance_map: Tensor, kappa: float = 1500.0) -> Tensor:
    """T(s) = sigmoid(-kappa s): 1 inside, 0 outside, 1/2 on the boundary voxels."""
    return (-kappa * distance_map).sigmoid()

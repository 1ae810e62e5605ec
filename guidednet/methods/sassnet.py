"""SASSnet: shape-aware semi-supervised segmentation (Li et al., MICCAI 2020).

It was published for one organ; here each organ has a distance map. The supervised term is the one
that all methods share (half cross-entropy, half Dice), instead of Dice alone. Weights 0.3 and 0.01
are as published.
"""

from dataclasses import dataclass

from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import supervised_loss
from guidednet.methods.base import MethodSetup
from guidednet.methods.parts.adversarial import AdversarialMethod
from guidednet.methods.parts.distance_head import DistanceHead, distance_loss
from guidednet.networks import NetworkOutput


@dataclass(frozen=True)
class SASSnetConfig:
    """Options: `beta` weighs the distance maps, `weight` the adversarial term at full ramp."""

    beta: float = 0.3
    weight: float = 0.01


class SASSnet(AdversarialMethod):
    """L = L_sup + beta L_sdm + w(i) CE(E(s_u, x_u), 1).

    The discriminator E sees distance maps, not probabilities.
    """

    label = "SASSnet"
    in_paper = True
    Config = SASSnetConfig
    uses_distance_maps = True

    def __init__(self, setup: MethodSetup, options: SASSnetConfig) -> None:
        super().__init__(setup, options, map_channels=setup.num_classes - 1)
        self.distance_head = DistanceHead(setup)

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Supervised, distance-map, adversarial and discriminator terms."""
        labelled, options = len(batch.label), self.options
        output = self.network(batch.image)
        maps = self.maps_of(output)
        return {
            "supervised": supervised_loss(output.logits[:labelled], batch.label),
            "distance": options.beta * distance_loss(maps[:labelled], batch.distance_maps),
            "adversarial": options.weight
            * self.ramp_weight(step)
            * self.adversarial_loss(maps[labelled:], batch.image[labelled:]),
            "discriminator": self.discriminator_loss(batch.image, labelled),
        }

    def maps_of(self, output: NetworkOutput) -> Tensor:
        """Signed distance maps (B,K-1,D,H,W)."""
        return self.distance_head(output)

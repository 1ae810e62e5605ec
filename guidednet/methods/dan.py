"""DAN: deep adversarial network (Zhang et al., MICCAI 2017), in 3D as in SSL4MIS.

The discriminator judges whether a segmentation looks like that of a labelled case. As published, it
sees softmax maps, not ground truth; the weight is 0.1; Adam runs at 1e-4. Changed: both networks
step at once (see AdversarialMethod), and mean pooling adapts to the crop.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import supervised_loss
from guidednet.methods.base import MethodSetup
from guidednet.methods.parts.adversarial import AdversarialMethod


@dataclass(frozen=True)
class DANConfig:
    """Options of DAN.

    `weight` scales the adversarial term at full ramp; `recompute` shows the discriminator maps made
    without dropout.
    """

    weight: float = 0.1
    recompute: bool = True


class DAN(AdversarialMethod):
    """L_S = L_sup + w(i) CE(E(p_u, x_u), 1) and L_E = CE(E(sg[p], x), labelled or not)."""

    label = "DAN"
    in_paper = True
    Config = DANConfig

    def __init__(self, setup: MethodSetup, options: DANConfig) -> None:
        super().__init__(setup, options, map_channels=setup.num_classes)

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Supervised, adversarial and discriminator terms."""
        labelled = len(batch.label)
        logits = self.network(batch.image).logits
        maps = logits.softmax(1)
        shown = self.maps_without_dropout(batch.image) if self.options.recompute else maps
        return {
            "supervised": supervised_loss(logits[:labelled], batch.label),
            "adversarial": self.options.weight
            * self.ramp_weight(step)
            * self.adversarial_loss(maps[labelled:], batch.image[labelled:]),
            "discriminator": self.discriminator_loss(shown, batch.image, labelled),
        }

    @torch.no_grad()
    def maps_without_dropout(self, image: Tensor) -> Tensor:
        """Softmax maps (B,K,D,H,W) of the network in evaluation mode."""
        self.network.eval()
        maps = self.network(image).logits.softmax(1)
        self.network.train(self.training)
        return maps

"""DAN: deep adversarial network (Zhang et al., MICCAI 2017), in 3D as in SSL4MIS.

The discriminator judges whether a segmentation looks like that of a labelled case. As published, it
sees softmax maps, not ground truth; the weight is 0.1; Adam runs at 1e-4. Changed: both networks
step at once (see AdversarialMethod), and mean pooling adapts to the crop.
"""

from dataclasses import dataclass

from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import supervised_loss
from guidednet.methods.base import MethodSetup
from guidednet.methods.parts.adversarial import AdversarialMethod
from guidednet.networks import NetworkOutput


@dataclass(frozen=True)
class DANConfig:
    """Options of DAN: `weight` scales the adversarial term at full ramp."""

    weight: float = 0.1


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
        output = self.network(batch.image)
        return {
            "supervised": supervised_loss(output.logits[:labelled], batch.label),
            "adversarial": self.options.weight
            * self.ramp_weight(step)
            * self.adversarial_loss(self.maps_of(output)[labelled:], batch.image[labelled:]),
            "discriminator": self.discriminator_loss(batch.image, labelled),
        }

    def maps_of(self, output: NetworkOutput) -> Tensor:
        """Softmax maps (B,K,D,H,W)."""
        return output.logits.softmax(1)

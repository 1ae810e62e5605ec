"""Sup only: the 3D U-Net on labelled crops, which every semi-supervised method must beat."""

from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import supervised_loss
from guidednet.methods.base import SingleNetworkMethod


class Supervised(SingleNetworkMethod):
    """L = L_sup (eq. 1 with one network): half cross-entropy, half batch Dice.

    A step sees as many labelled crops as a step of every other method, so that the supervised
    gradient is the same; the paper does not give the batch size of this row.
    """

    label = "Sup only"
    in_paper = True
    uses_unlabelled = False

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised term; rows beyond the labelled ones are ignored."""
        labelled = len(batch.label)
        return {
            "supervised": supervised_loss(self.network(batch.image[:labelled]).logits, batch.label)
        }

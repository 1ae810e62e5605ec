"""Sup only: the 3D U-Net on labelled crops alone, the row that every semi-supervised method must beat."""

from torch import Tensor, nn

from guidednet.losses import supervised_loss
from guidednet.methods.base import Method, MethodSetup, NoOptions, Predictor
from guidednet.sampling import Batch


class Supervised(Method):
    """L = L_sup (eq. 1 with one network): half cross-entropy, half batch Dice.

    A step sees as many labelled crops as a step of every other method, so that the supervised gradient is
    the same; the paper does not print the batch size of this row.
    """

    uses_unlabelled = False

    def __init__(self, setup: MethodSetup, options: NoOptions) -> None:
        super().__init__(setup, options)
        self.network = setup.build_network(setup.initialisation)

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised term; rows beyond the labelled ones are not looked at."""
        labelled = len(batch.label)
        return {"supervised": supervised_loss(self.network(batch.image[:labelled]).logits, batch.label)}

    def burn_in_networks(self) -> dict[str, nn.Module]:
        """The one network, under the initialisation it was built with."""
        return {self.setup.initialisation: self.network}

    def predictors(self) -> dict[str, Predictor]:
        """The one network."""
        return {"primary": self.network}

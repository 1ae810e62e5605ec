"""A method in a file of its own: Sup only with a smaller weight."""

from guidednet.methods import METHODS
from guidednet.methods.supervised import Supervised


class HalfSupervised(Supervised):
    """Half the supervised loss."""

    label = "Half supervised"
    in_paper = False

    def forward(self, batch, step):
        return {name: term / 2 for name, term in super().forward(batch, step).items()}


METHODS["half_supervised"] = HalfSupervised

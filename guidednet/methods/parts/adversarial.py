"""What DAN and SASSnet share: a discriminator of labelled cases, and its optimiser."""

from typing import Any

import torch
from torch import Tensor

from guidednet.losses import cross_entropy
from guidednet.methods.base import MethodSetup, SingleNetworkMethod
from guidednet.methods.parts.discriminator import PairDiscriminator, with_frozen
from guidednet.networks import NetworkOutput
from guidednet.optimiser import OptimiserConfig, make_optimiser


class AdversarialMethod(SingleNetworkMethod):
    """A network and a discriminator of (map, image) pairs; both learn in one backward pass.

    In the published code the discriminator steps after the network and sees the network that has
    just stepped. Here both step at once, so that one training loop serves all methods: the
    network's term sees the discriminator with frozen parameters, the discriminator's term sees maps
    without gradient. As published, these are made without dropout. Subclasses implement `maps_of`.
    """

    relative_cost = 1.6

    def __init__(self, setup: MethodSetup, options: Any, map_channels: int) -> None:
        super().__init__(setup, options)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(setup.seed)
            self.discriminator = PairDiscriminator(
                map_channels, setup.crop, width=4 * setup.network.width
            )

    def optimisers(self, config: OptimiserConfig) -> list[torch.optim.Optimizer]:
        """The profile's optimiser for the network, and Adam for the discriminator.

        Adam runs at 1e-4, with betas 0.9 and 0.99 and without schedule.
        """
        of_discriminator = {"params": list(self.discriminator.parameters()), "scheduled": False}
        others = [
            parameter
            for name, parameter in self.named_parameters()
            if not name.startswith("discriminator.")
        ]
        return [
            make_optimiser(config, others),
            torch.optim.Adam([of_discriminator], lr=1e-4, betas=(0.9, 0.99)),
        ]

    def maps_of(self, output: NetworkOutput) -> Tensor:
        """The maps (B,M,D,H,W) of the network's `output` that the discriminator judges."""
        raise NotImplementedError

    @torch.no_grad()
    def maps_without_dropout(self, image: Tensor) -> Tensor:
        """The maps (B,M,D,H,W) of the network in evaluation mode."""
        self.network.eval()
        maps = self.maps_of(self.network(image))
        self.network.train(self.training)
        return maps

    def adversarial_loss(self, maps: Tensor, image: Tensor) -> Tensor:
        """CE(E(map, image), labelled) of unlabelled rows, low if the discriminator E is fooled.

        E gets no gradient.
        """
        self.discriminator.eval()
        logits = with_frozen(self.discriminator, maps, image)
        self.discriminator.train(self.training)
        return cross_entropy(logits, torch.ones(len(maps), dtype=torch.long, device=maps.device))

    def discriminator_loss(self, image: Tensor, labelled: int) -> Tensor:
        """CE(E(map, image), labelled or not), the mean over all rows, with maps without dropout.

        The first `labelled` rows are labelled.
        """
        target = (torch.arange(len(image), device=image.device) < labelled).long()
        return cross_entropy(self.discriminator(self.maps_without_dropout(image), image), target)

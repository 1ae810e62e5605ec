"""What DAN and SASSnet share: a discriminator that tells labelled from unlabelled cases, and its
optimiser.
"""

from typing import Any

import torch
from torch import Tensor

from guidednet.losses import cross_entropy
from guidednet.methods.base import MethodSetup, SingleNetworkMethod
from guidednet.methods.parts.discriminator import PairDiscriminator, with_frozen
from guidednet.optimiser import OptimiserConfig, make_optimiser


class AdversarialMethod(SingleNetworkMethod):
    """A network and a discriminator of (map, image) pairs; both learn in one backward pass.

    In the published code the discriminator steps after the network and sees the network that has
    just stepped. Here both step at once, which lets one training loop serve all methods: the
    network's term sees the discriminator with frozen parameters, the discriminator's term sees maps
    without gradient.
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
        """SGD (or the profile's) for the network; Adam 1e-4, betas 0.9 and 0.99, without schedule
        for the discriminator.
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

    def adversarial_loss(self, maps: Tensor, image: Tensor) -> Tensor:
        """CE(E(map, image), labelled) of unlabelled rows: low where the discriminator is fooled. No
        gradient for E.
        """
        self.discriminator.eval()
        logits = with_frozen(self.discriminator, maps, image)
        self.discriminator.train(self.training)
        return cross_entropy(logits, torch.ones(len(maps), dtype=torch.long, device=maps.device))

    def discriminator_loss(self, maps: Tensor, image: Tensor, labelled: int) -> Tensor:
        """CE(E(sg[map], image), labelled or not), mean over all rows, the first `labelled` of which
        are.
        """
        target = (torch.arange(len(maps), device=maps.device) < labelled).long()
        return cross_entropy(self.discriminator(maps.detach(), image), target)

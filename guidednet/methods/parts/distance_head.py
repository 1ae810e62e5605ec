"""What SASSnet and DTC share: a second head that regresses each organ's signed distance map."""

import torch
from torch import Tensor, nn

from guidednet.losses import batch_mean
from guidednet.methods.base import MethodSetup
from guidednet.networks import NetworkOutput


class DistanceHead(nn.Module):
    """s = tanh(1x1x1 convolution of Layer 4): maps (B,K-1,D,H,W) in (-1, 1), one for each organ.

    The maps are negative inside the organs, and 0 for an organ that no labelled case has.
    """

    def __init__(self, setup: MethodSetup) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(setup.seed)
            self.layer = nn.Conv3d(setup.network.width, setup.num_classes - 1, kernel_size=1)
        self.register_buffer("absent", ~setup.takes_part[1:])

    def forward(self, output: NetworkOutput) -> Tensor:
        """The organs' distance maps from the network's last features."""
        maps = self.layer(output.features).tanh()
        return maps.masked_fill(self.absent.view(1, -1, 1, 1, 1), 0)


def distance_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """L_sdm = mean (s - phi)^2 over rows, organs and voxels; both (L,K-1,D,H,W)."""
    return batch_mean((predicted - target).square())

"""FixMatch in 3D: weak to strong consistency (Sohn et al., NeurIPS 2020), also as in UniMatch.

The network labels the crop as it comes, and learns these labels on a strongly changed copy, at the
voxels where it is sure. Strong changes are contrast, gamma and noise, and CutMix: a box of the next
unlabelled crop is pasted into this one, with its pseudo-labels. `views` 2 adds the second strong
view of UniMatch (Yang et al., CVPR 2023).

Deviations: the loss on sure voxels is that of eq. 1 and a mean over them, since cross-entropy over
all voxels is nearly all background; one box per view serves all rows; the weight has the ramp of
all methods here; the perturbed features of UniMatch are left out.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import supervised_loss
from guidednet.methods.base import SingleNetworkMethod
from guidednet.methods.parts.boxes import cut_mix
from guidednet.methods.parts.pseudo_labels import partial_loss, sure_labels
from guidednet.methods.supervised_augmented import SupervisedAugmentedConfig, random_intensity

STRONG = SupervisedAugmentedConfig()


@dataclass(frozen=True)
class FixMatchConfig:
    """Options of FixMatch.

    `weight` scales the pseudo-labels at full ramp; those of a probability above `threshold` count.
    `views` is the number of strong views. The box of CutMix takes a share of the crop's volume
    between `smallest` and `largest`.
    """

    weight: float = 0.5
    threshold: float = 0.95
    views: Literal[1, 2] = 1
    smallest: float = 0.02
    largest: float = 0.4


class FixMatch(SingleNetworkMethod):
    """L = L_sup + w(i) L_s(strong view, pseudo-label) where the pseudo-label is sure."""

    label = "FixMatch"
    Config = FixMatchConfig
    relative_cost = 1.2

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised term, and the mean over the strong views of the unsupervised one."""
        labelled, options = len(batch.label), self.options
        logits = self.network(batch.image[:labelled]).logits
        image = batch.image[labelled:]
        with torch.no_grad():
            label = sure_labels(self.network(image).logits.softmax(1), options.threshold)
        views = [self.strong_view_loss(image, label) for _ in range(options.views)]
        return {
            "supervised": supervised_loss(logits, batch.label),
            "pseudo_label": options.weight * self.ramp_weight(step) * torch.stack(views).mean(),
        }

    def strong_view_loss(self, image: Tensor, label: Tensor) -> Tensor:
        """L_s of a fresh strong view of `image` (B,1,D,H,W) with pseudo-labels (B,D,H,W)."""
        image, label = cut_mix(image, label, self.options.smallest, self.options.largest)
        return partial_loss(self.network(random_intensity(image, STRONG)).logits, label)

"""BCP: bidirectional copy-paste (Bai et al., CVPR 2023), with a student and its slow teacher.

A box of a labelled crop is pasted into an unlabelled one, and the unlabelled box into the labelled
crop. The student segments both mixtures; it learns the label of voxels from the labelled crop, and
the teacher's pseudo-label of the others. Labelled and unlabelled organs thus share one context,
which keeps the two from drifting apart.

Deviations: the weight of the pseudo-labels rises with the ramp, instead of after a training on
labelled pairs; every pair of rows is mixed both ways; pseudo-labels keep all their components,
because a crop may cut an organ in two.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import hard_labels
from guidednet.methods.base import MeanTeacherMethod
from guidednet.methods.parts.boxes import random_box
from guidednet.methods.parts.pseudo_labels import NO_LABEL, partial_loss


@dataclass(frozen=True)
class BCPConfig:
    """Options of BCP.

    `weight` scales the pseudo-labels at full ramp; the box takes `side` of each side of the crop.
    """

    weight: float = 0.5
    side: float = 2 / 3


class BCP(MeanTeacherMethod):
    """L = L_s(mixtures, labels) + w(i) L_s(mixtures, pseudo-labels), each on its own voxels."""

    label = "BCP"
    Config = BCPConfig
    relative_cost = 1.2

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The two parts of the loss on mixtures of labelled and unlabelled rows."""
        labelled, label = len(batch.label), batch.label
        pairs = min(labelled, len(batch.image) - labelled)
        unlabelled = batch.image[labelled : labelled + pairs]
        with torch.no_grad():
            guess = hard_labels(self.teacher(unlabelled).logits)
        box = random_box(unlabelled.shape[2:], self.options.side, unlabelled.device)
        none = torch.full_like(guess, NO_LABEL)
        # labelled rows without an unlabelled partner stay as they are
        image = torch.cat(
            [both_ways(batch.image[:pairs], unlabelled, box), batch.image[pairs:labelled]]
        )
        known = torch.cat([both_ways(label[:pairs], none, box), label[pairs:]])
        guessed = torch.cat([both_ways(none, guess, box), torch.full_like(label[pairs:], NO_LABEL)])
        logits = self.student(image).logits
        weight = self.options.weight * self.ramp_weight(step)
        return {
            "supervised": partial_loss(logits, known),
            "pseudo_label": weight * partial_loss(logits, guessed),
        }


def both_ways(first: Tensor, second: Tensor, box: Tensor) -> Tensor:
    """The rows of `first` inside `box` (D,H,W) and `second` around it, then the reverse.

    `first` and `second` (B,...,D,H,W) give (2B,...,D,H,W).
    """
    return torch.cat([torch.where(box, first, second), torch.where(box, second, first)])

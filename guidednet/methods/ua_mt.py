"""UA-MT: uncertainty-aware mean teacher (Yu et al., MICCAI 2019).

The consistency counts only the voxels where the teacher, asked eight times, is certain: where its
entropy is below a threshold that rises from 3/4 ln 2 to ln 2, as in the public code and its ports
to more classes. With K classes a share of ln K would be the same share of the largest entropy, but
hardly any voxel reaches it (`entropy_base` None).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import batch_mean, ramp, ratio_of_sums, supervised_loss
from guidednet.methods.base import MeanTeacherMethod, MethodSetup
from guidednet.methods.mean_teacher import Reduction, class_factor


@dataclass(frozen=True)
class UAMTConfig:
    """Options of UA-MT.

    `weight` scales the consistency at full ramp; `passes` is the number of the teacher's answers;
    `entropy_base` None stands for the number of classes; `reduction` is that of MT.
    """

    weight: float = 0.1
    passes: int = 8
    entropy_base: int | None = 2
    reduction: Reduction = "sum_class"


class UncertaintyAwareMeanTeacher(MeanTeacherMethod):
    """L = L_sup + w(i) Σ_v M_v Σ_k (p_k - sg[p'_k])^2 / (2 Σ_v M_v), M = [entropy < threshold]."""

    label = "UA-MT"
    in_paper = True
    Config = UAMTConfig
    relative_cost = 2.7

    def __init__(self, setup: MethodSetup, options: UAMTConfig) -> None:
        super().__init__(setup, options)
        self.register_buffer("masked_share", torch.zeros(()))

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised term, and the consistency where the teacher is certain."""
        labelled = len(batch.label)
        logits, unlabelled = self.student(batch.image).logits, batch.image[labelled:]
        sure = self.uncertainty(unlabelled) < self.threshold(step)
        distance = (
            logits[labelled:].softmax(1) - self.teacher_logits(unlabelled).softmax(1)
        ).square()
        self.masked_share.copy_(batch_mean((~sure).float()))
        consistency = masked_consistency(distance, sure) * class_factor(
            self.options.reduction, distance.shape[1]
        )
        return {
            "supervised": supervised_loss(logits[:labelled], batch.label),
            "consistency": self.options.weight * self.ramp_weight(step) * consistency,
        }

    def uncertainty(self, image: Tensor) -> Tensor:
        """Entropy (B,D,H,W) in nats of the mean of `passes` noisy answers of the teacher.

        The answers are added up one by one, which saves memory.
        """
        mean = (
            sum(self.teacher_logits(image).softmax(1) for _ in range(self.options.passes))
            / self.options.passes
        )
        return entropy(mean)

    def threshold(self, step: int) -> float:
        """(3/4 + 1/4 r(i/T)) ln 2 nats, or ln of another `entropy_base`."""
        base = self.options.entropy_base or self.setup.num_classes
        return (0.75 + 0.25 * ramp(step, self.setup.steps)) * math.log(base)

    def log(self, batch: Batch) -> dict[str, float]:
        """The share of the unlabelled voxels of the last step that were masked out."""
        return {"uncertainty/masked": self.masked_share.item()}


def entropy(probabilities: Tensor) -> Tensor:
    """-Σ_k p_k ln(p_k + 1e-6) of probabilities (B,K,...)."""
    return -(probabilities * torch.log(probabilities + 1e-6)).sum(1)


def masked_consistency(distance: Tensor, mask: Tensor) -> Tensor:
    """Mean of `distance` (B,K,D,H,W) over classes and `mask` (B,D,H,W); 0 for an empty mask."""
    return ratio_of_sums(
        (distance.sum(1) * mask).sum(), mask.sum().to(distance.dtype) * distance.shape[1]
    )

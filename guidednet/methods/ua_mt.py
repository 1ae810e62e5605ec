"""UA-MT: uncertainty-aware mean teacher (Yu et al., MICCAI 2019).

The consistency counts only the voxels where the teacher, asked eight times, is certain. The
published "2" and "ln 2" are the number of classes of its binary task; here they are K and ln K.
`entropy_base` 2 is what an unchanged copy would compute.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import ramp, ratio_of_sums, supervised_loss
from guidednet.methods.base import MeanTeacherMethod


@dataclass(frozen=True)
class UAMTConfig:
    """Options of UA-MT.

    `weight` scales the consistency at full ramp; `passes` is the number of the teacher's answers;
    `entropy_base` None stands for the number of classes.
    """

    weight: float = 0.1
    passes: int = 8
    entropy_base: int | None = None


class UncertaintyAwareMeanTeacher(MeanTeacherMethod):
    """L = L_sup + w(i) Σ_v M_v Σ_k (p_k - sg[p'_k])^2 / (K Σ_v M_v), M = [entropy < threshold]."""

    label = "UA-MT"
    in_paper = True
    Config = UAMTConfig
    relative_cost = 2.7

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised term, and the consistency where the teacher is certain."""
        labelled = len(batch.label)
        logits, unlabelled = self.student(batch.image).logits, batch.image[labelled:]
        sure = self.uncertainty(unlabelled) < self.threshold(step)
        distance = (
            logits[labelled:].softmax(1) - self.teacher_logits(unlabelled).softmax(1)
        ).square()
        consistency = masked_consistency(distance, sure)
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
        """(3/4 + 1/4 r(i/T)) ln K nats."""
        base = self.options.entropy_base or self.setup.num_classes
        return (0.75 + 0.25 * ramp(step, self.setup.steps)) * math.log(base)


def entropy(probabilities: Tensor) -> Tensor:
    """-Σ_k p_k ln(p_k + 1e-6) of probabilities (B,K,...)."""
    return -(probabilities * torch.log(probabilities + 1e-6)).sum(1)


def masked_consistency(distance: Tensor, mask: Tensor) -> Tensor:
    """Mean of `distance` (B,K,D,H,W) over classes and `mask` (B,D,H,W); 0 for an empty mask."""
    return ratio_of_sums(
        (distance.sum(1) * mask).sum(), mask.sum().to(distance.dtype) * distance.shape[1]
    )

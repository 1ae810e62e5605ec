"""MT: mean teacher (Tarvainen and Valpola, NeurIPS 2017), in 3D as in SSL4MIS.

The noise has sd 0.1 and is clipped at 0.2, on intensities in [0, 1]; 0.1 is about 65 HU. The
teacher starts as a copy of the student instead of a network of its own. The published mean over the
2 classes of a binary task becomes half the sum over K classes: a mean over K would weigh each
voxel's disagreement K/2 times less.
"""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import batch_mean, supervised_loss
from guidednet.methods.base import MeanTeacherMethod

Reduction = Literal["sum_class", "mean_all"]


@dataclass(frozen=True)
class MeanTeacherConfig:
    """Options of MT.

    `weight` scales the consistency at full ramp; `noise` and its `limit` are in units of the [0, 1]
    intensities. `reduction` "sum_class" halves the sum over classes, "mean_all" divides it by K
    (see `class_factor`).
    """

    weight: float = 0.1
    noise: float = 0.1
    limit: float = 0.2
    reduction: Reduction = "sum_class"


class MeanTeacher(MeanTeacherMethod):
    """L = L_sup + w(i) mean (p - sg[p'])^2 on unlabelled rows.

    p' is the teacher's answer to a noisy image.
    """

    label = "MT"
    in_paper = True
    Config = MeanTeacherConfig
    relative_cost = 1.2

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised and the consistency terms."""
        labelled, options = len(batch.label), self.options
        logits = self.student(batch.image).logits
        target = self.teacher_logits(batch.image[labelled:], options.noise, options.limit).softmax(
            1
        )
        distance = (logits[labelled:].softmax(1) - target).square()
        consistency = batch_mean(distance) * class_factor(options.reduction, distance.shape[1])
        return {
            "supervised": supervised_loss(logits[:labelled], batch.label),
            "consistency": options.weight * self.ramp_weight(step) * consistency,
        }


def class_factor(reduction: Reduction, num_classes: int) -> float:
    """What turns a mean over K classes into the `reduction`: K/2 for "sum_class", which is 1 in the
    published binary task, or 1 for "mean_all".
    """
    return num_classes / 2 if reduction == "sum_class" else 1.0

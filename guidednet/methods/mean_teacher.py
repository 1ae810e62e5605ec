"""MT: mean teacher (Tarvainen and Valpola, NeurIPS 2017), in 3D as in SSL4MIS.

The noise has sd 0.1 and is clipped at 0.2, on intensities in [0, 1]; 0.1 is about 65 HU. The
teacher starts as a copy of the student instead of a network of its own.
"""

from dataclasses import dataclass

from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import batch_mean, supervised_loss
from guidednet.methods.base import MeanTeacherMethod


@dataclass(frozen=True)
class MeanTeacherConfig:
    """Options of MT.

    `weight` scales the consistency at full ramp; `noise` and its `limit` are in units of the [0, 1]
    intensities. `reduction` "mean_all" averages over classes too, as published; "sum_class" halves
    the sum over classes instead, which keeps the weight that the term has in the published binary
    task.
    """

    weight: float = 0.1
    noise: float = 0.1
    limit: float = 0.2
    reduction: str = "mean_all"


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
        consistency = batch_mean(distance) * (
            1 if options.reduction == "mean_all" else distance.shape[1] / 2
        )
        return {
            "supervised": supervised_loss(logits[:labelled], batch.label),
            "consistency": options.weight * self.ramp_weight(step) * consistency,
        }

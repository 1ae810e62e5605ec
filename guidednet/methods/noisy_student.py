"""Noisy student (Xie et al., CVPR 2020): training on sure pseudo-labels, as FLARE22's winners do.

A supervised network labels the unlabelled crops, undisturbed. A student learns labels and
pseudo-labels alike under strong augmentation, but only those pseudo-labels of which its teacher is
sure. The teacher does not change while the student learns.

Deviations: both share one training, so that it costs no more than the others. The teacher is the
moving average of the first part of it, on labelled crops; the student goes on from there instead
of starting anew, and labels crops as they come instead of whole cases once.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.methods.base import MeanTeacherMethod
from guidednet.methods.parts.pseudo_labels import partial_loss, sure_labels
from guidednet.methods.supervised_augmented import SupervisedAugmentedConfig, augmented


@dataclass(frozen=True)
class NoisyStudentConfig:
    """Options of the noisy student.

    The first `teacher_share` of the steps makes the teacher; its pseudo-labels of a probability
    above `threshold` count. The `augmentation` is that of "Sup only, strong augmentation".
    """

    teacher_share: float = 0.5
    threshold: float = 0.9
    augmentation: SupervisedAugmentedConfig = SupervisedAugmentedConfig()


class NoisyStudent(MeanTeacherMethod):
    """L = L_s(augmented rows, labels), later also with the unlabelled rows' sure pseudo-labels."""

    label = "Noisy student"
    Config = NoisyStudentConfig
    relative_cost = 0.9

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised term on augmented rows, later with the pseudo-labelled ones."""
        image, label = batch.image[: len(batch.label)], batch.label
        if not self.makes_teacher(step):
            image = batch.image
            label = torch.cat([label, self.pseudo_label(image[len(label) :])])
        image, label = augmented(image, label, self.options.augmentation)
        return {"supervised": partial_loss(self.student(image).logits, label)}

    def makes_teacher(self, step: int) -> bool:
        """Whether `step` is one of the first part, in which the teacher follows the student."""
        return step < self.options.teacher_share * self.setup.steps

    def after_step(self, step: int) -> None:
        """Move the teacher towards the student in the first part of the training."""
        if self.makes_teacher(step):
            super().after_step(step)

    @torch.no_grad()
    def pseudo_label(self, image: Tensor) -> Tensor:
        """The sure pseudo-labels (B,D,H,W) of `image` (B,1,D,H,W), without dropout."""
        probabilities = self.teacher.eval()(image).logits.softmax(1)
        return sure_labels(probabilities, self.options.threshold)

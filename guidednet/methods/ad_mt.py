"""AD-MT: alternate diverse mean teachers (Zhao et al., ECCV 2024).

Two teachers average the weights of one student, in turns of random length. In the turns of the
first the student sees crops of another intensity, in those of the second crops with boxes of others
(CutMix), so that the teachers differ. Both label together, the surer one with more weight; where
they conflict, the student decides if it is surer than both.

Deviations: the student is heard before CutMix, so that its labels belong to the same voxels; the
loss on sure voxels is that of eq. 1 instead of cross-entropy alone.
"""

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import hard_labels, supervised_loss
from guidednet.methods.base import MeanTeacherMethod, MethodSetup
from guidednet.methods.parts.boxes import cut_mix
from guidednet.methods.parts.pseudo_labels import partial_loss, sure_labels
from guidednet.methods.supervised_augmented import SupervisedAugmentedConfig, random_intensity
from guidednet.methods.ua_mt import entropy


@dataclass(frozen=True)
class ADMTConfig:
    """Options of AD-MT.

    `weight` scales the pseudo-labels at full ramp; those of a probability above `threshold` count.
    A teacher's turn lasts 1 to `period` steps.
    """

    weight: float = 1.0
    threshold: float = 0.8
    period: int = 19


class ADMT(MeanTeacherMethod):
    """L = L_sup + w(i) L_s(changed image, pseudo-label) where both teachers together are sure."""

    label = "AD-MT"
    Config = ADMTConfig
    relative_cost = 1.5

    def __init__(self, setup: MethodSetup, options: ADMTConfig) -> None:
        super().__init__(setup, options)
        self.second_teacher = copy.deepcopy(self.teacher)
        self.turns = turns(setup.steps, options.period, setup.seed)

    def start_from(self, warm_start: dict[str, dict[str, Tensor]]) -> None:
        """Load the warm start into the student, and the student into both teachers."""
        super().start_from(warm_start)
        self.second_teacher.load_state_dict(self.student.state_dict())

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised term, and the unsupervised one on images changed as the turn asks."""
        labelled, options = len(batch.label), self.options
        logits = self.student(batch.image[:labelled]).logits
        image = batch.image[labelled:]
        label = self.pseudo_label(image)
        if self.turns[step]:
            image, label = cut_mix(image, label)
        else:
            image = random_intensity(image, SupervisedAugmentedConfig())
        unsupervised = partial_loss(self.student(image).logits, label)
        return {
            "supervised": supervised_loss(logits, batch.label),
            "pseudo_label": options.weight * self.ramp_weight(step) * unsupervised,
        }

    @torch.no_grad()
    def pseudo_label(self, image: Tensor) -> Tensor:
        """The sure labels (B,D,H,W) of both teachers, and of the student where it is to decide.

        Teacher i weighs exp(-H_i) at each voxel, H_i its entropy in bits.
        """
        first, second, student = (
            network(image).logits.softmax(1)
            for network in (self.teacher, self.second_teacher, self.student)
        )
        weights = torch.stack([-entropy(first), -entropy(second)]) / math.log(2)
        share = weights.softmax(0).unsqueeze(2)
        both = share[0] * first + share[1] * second
        conflict = hard_labels(first) != hard_labels(second)
        decides = conflict & (student.amax(1) > both.amax(1))
        return sure_labels(torch.where(decides.unsqueeze(1), student, both), self.options.threshold)

    def after_step(self, step: int) -> None:
        """Move the teacher whose turn it is towards the student; each sees half the steps."""
        self.move(self.second_teacher if self.turns[step] else self.teacher, step // 2)


def turns(steps: int, period: int, seed: int) -> list[int]:
    """Whose turn each step is, 0 or 1: turns of 1 to `period` steps, drawn from `seed` alone."""
    lengths = np.random.default_rng(seed).integers(1, period + 1, size=steps)
    return np.repeat(np.arange(steps) % 2, lengths)[:steps].tolist()

"""MagicNet: magic-cube partition and recovery (Chen et al., CVPR 2023), its 14-class settings.

The crop is cut into cubes of side 2^depth (32 at the paper's depth, a 2 x 4 x 4 grid). Fixed: cubes
return to where they came from (the published reassembly transposes the grid), and each axis has its
own number of cubes. Changed: the locator sees all cubes in one call.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.errors import InputError
from guidednet.losses import batch_dice_loss, class_counts, cross_entropy, hard_labels
from guidednet.methods.base import MeanTeacherMethod, MethodSetup
from guidednet.methods.parts.cubes import (
    CubeLocator,
    assemble,
    cut_into_cubes,
    draw_permutations,
    mix,
    recover,
)
from guidednet.processes.distributed import of_first_rank, own_places, rows_of_all


@dataclass(frozen=True)
class MagicNetConfig:
    """Options of MagicNet.

    `weight` scales the consistency at full ramp and `location_weight` the location term; cubes join
    the pseudo-labels after `warm_up` steps. The pseudo-labels' class counts are gathered over
    `window` steps.
    """

    weight: float = 0.1
    location_weight: float = 0.1
    warm_up: int = 100
    window: int = 20


class MagicNet(MeanTeacherMethod):
    """L = (CE + Dice + Dice_mixed + Dice_cubes) / 4 + 0.1 L_loc + w(i) Dice(mixed, pseudo-labels).

    The pseudo-labels blend the teacher's logits with those of the cubes.
    """

    label = "MagicNet"
    in_paper = True
    Config = MagicNetConfig
    relative_cost = 3.3

    def __init__(self, setup: MethodSetup, options: MagicNetConfig) -> None:
        super().__init__(setup, options)
        self.grid = grid_of(setup.crop, side=2**setup.network.depth)
        self.cells = self.grid[0] * self.grid[1] * self.grid[2]
        centre = 8 * setup.network.width * 2 ** (setup.network.depth - 1)  # 2 x 2 x 2 voxels
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(setup.seed)
            self.locator = CubeLocator(centre, hidden=256 * setup.network.width, places=self.cells)
        self.register_buffer("gathered", torch.zeros(setup.num_classes))
        self.register_buffer("frequency", torch.zeros(setup.num_classes))

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised quarters, the location term and the consistency term."""
        labelled, label, image = len(batch.label), batch.label, batch.image
        plain = self.student(image).logits
        places, total = own_places(labelled, len(image))
        permutation = of_first_rank(draw_permutations(total, self.cells, image.device))
        mixed = self.mixed_logits(image, permutation, places)
        cubes, location = self.cube_logits(image)
        pseudo_label = self.pseudo_label(image[labelled:], cubes[labelled:], step)
        return {
            "supervised": (cross_entropy(plain[:labelled], label) + dice(plain[:labelled], label))
            / 4,
            "supervised_mixed": dice(mixed[:labelled], label) / 4,
            "supervised_cubes": dice(cubes[:labelled], label) / 4,
            "location": self.options.location_weight * location,
            "consistency": self.options.weight
            * self.ramp_weight(step)
            * dice(mixed[labelled:], pseudo_label),
        }

    def mixed_logits(
        self, image: Tensor, permutation: Tensor, places: Tensor | slice = slice(None)
    ) -> Tensor:
        """Logits (B,K,D,H,W) from embeddings of images whose cubes were exchanged.

        The embeddings' cubes are put back before the classifier. Cubes come from all images of the
        batch; with several processes each holds its own rows of it, at `places`.
        """
        images = rows_of_all(image, places, len(permutation))
        embedding = self.student(mix(images, self.grid, permutation[places])).features
        embeddings = rows_of_all(embedding, places, len(permutation))
        return self.student.classify(recover(embeddings, self.grid, permutation, places))

    def cube_logits(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B,K,D,H,W) from cubes segmented one by one, and the location term.

        The location term is the cross-entropy of guessing each cube's place.
        """
        cubes = cut_into_cubes(image, self.grid)
        encoded = self.student.encode(cubes.flatten(0, 1))
        place = torch.arange(self.cells, device=image.device).repeat(len(image))
        location = cross_entropy(self.locator(encoded[-1]), place)
        embedding = self.student.decode(encoded)[-1].unflatten(0, cubes.shape[:2])
        return self.student.classify(assemble(embedding, self.grid)), location

    @torch.no_grad()
    def pseudo_label(self, image: Tensor, cubes: Tensor, step: int) -> Tensor:
        """argmax of (1 - omega) t + omega c.

        It takes the teacher's logits t for rare classes and the cubes' logits c for frequent ones.
        """
        teacher = self.teacher_logits(image)
        blended = hard_labels(teacher)
        if step > self.options.warm_up:
            omega = self.omega()[blended].unsqueeze(1)
            blended = hard_labels((1 - omega) * teacher + omega * cubes)
        self.gathered += class_counts(blended, len(self.gathered))
        if (step + 1) % self.options.window == 0:
            self.frequency.copy_(self.gathered)
            self.gathered.zero_()
        return blended

    def omega(self) -> Tensor:
        """Frequency of each class in recent pseudo-labels (K,), relative to the most frequent."""
        return self.frequency / self.frequency.max().clamp_min(1)


def grid_of(crop: tuple[int, int, int], side: int) -> tuple[int, ...]:
    """How many cubes of `side` voxels fill `crop` along each axis.

    Raises InputError if they do not fill it.
    """
    if any(length % side for length in crop):
        sides = ",".join(map(str, fitting_crop(crop, side)))
        raise InputError(
            f"MagicNet: cubes of {side} voxels do not fill the crop {crop}; "
            f"use multiples of {side}, such as --set batch.crop={sides}"
        )
    return tuple(length // side for length in crop)


def fitting_crop(crop: tuple[int, int, int], side: int) -> tuple[int, ...]:
    """The crop nearest to `crop` that cubes of `side` voxels fill."""
    return tuple(side * max(1, round(length / side)) for length in crop)


def dice(logits: Tensor, label: Tensor) -> Tensor:
    """Batch Dice of all classes, squared denominators, smooth 1e-10."""
    return batch_dice_loss(logits.softmax(1), label, smooth=1e-10)

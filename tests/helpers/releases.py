"""The two data sets in small, as their archives unpack."""

import numpy as np

from helpers.volumes import blobs, save, save_case


def noisy(seed):
    """An image that no other seed has."""
    image = blobs()[0]
    return image + np.random.default_rng(seed).integers(0, 40, image.shape, dtype=np.int16)


def save_releases(folder):
    """FLARE22 and AMOS in small: five labelled and nine unlabelled cases of the one, six labelled
    ones and fourteen of imagesTs of the other.
    """
    for number in range(1, 15):
        labelled, part = number <= 5, "Tr" if number <= 5 else "Va"
        image, (_, label, affine) = noisy(number), blobs()
        save_case(folder / "flare22", number, image=image, labelled=labelled)
        if number <= 6:
            save(
                folder / "amos" / f"images{part}" / f"amos_{number:04d}.nii.gz",
                image,
                affine,
            )
            save(
                folder / "amos" / f"labels{part}" / f"amos_{number:04d}.nii.gz",
                label,
                affine,
            )
        save(
            folder / "amos" / "imagesTs" / f"amos_{number + 200:04d}.nii.gz",
            image,
            affine,
        )

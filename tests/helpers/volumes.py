"""Small made-up scans for tests: a few ellipsoids, written in any axis order."""

from itertools import permutations, product

import nibabel as nib
import numpy as np

AXIS_ORDERS = [
    np.array(list(zip(order, signs, strict=True)))
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3))
]


def blobs(shape=(30, 26, 20), spacing=(3.0, 3.0, 5.0)):
    """HU image, labels 1 to 3 and affine; (X,Y,Z), RAS+. Every axis looks different from either
    end.
    """
    x, y, z = np.meshgrid(*[np.arange(size) for size in shape], indexing="ij")
    image = np.full(shape, -100.0)
    label = np.zeros(shape, np.uint8)
    for number, (centre, radius, level) in enumerate(
        (((9, 8, 6), 5, 110), ((20, 17, 8), 4, 60), ((12, 18, 14), 3, 200)), start=1
    ):
        inside = ((np.stack([x, y, z], -1) - centre) ** 2).sum(-1) < radius**2
        image[inside], label[inside] = level, number
    image += x + 0.5 * y + 2 * z
    image[0, 0] = -1000  # air, which every CT has
    return image.astype(np.int16), label, np.diag([*spacing, 1.0])


def reoriented(array, affine, order):
    """The same volume stored in another of the 48 axis orders."""
    return nib.apply_orientation(array, order), affine @ nib.orientations.inv_ornt_aff(
        order, array.shape
    )


def save(path, array, affine):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def save_case(folder, number=1, image=None, label=None, affine=None, labelled=True):
    """A FLARE22 case; returns the paths of image and label."""
    default_image, default_label, default_affine = blobs()
    affine = default_affine if affine is None else affine
    image_folder, name = (
        ("images", f"FLARE22_Tr_{number:04d}") if labelled else ("unlabeled", f"Case_{number:05d}")
    )
    image_path = save(
        folder / image_folder / f"{name}_0000.nii.gz",
        default_image if image is None else image,
        affine,
    )
    if labelled:
        save(
            folder / "labels" / f"{name}.nii.gz", default_label if label is None else label, affine
        )
    return image_path, folder / "labels" / f"{name}.nii.gz"


def save_three_cases(folder):
    """Two labelled cases and an unlabelled one."""
    for number in (1, 2):
        save_case(folder, number)
    save_case(folder, 1, labelled=False)
    return folder


def save_five_cases(folder):
    for number in range(1, 6):
        save_case(folder, number)
    return folder


def image_of(raw, number):
    return raw / "images" / f"FLARE22_Tr_{number:04d}_0000.nii.gz"

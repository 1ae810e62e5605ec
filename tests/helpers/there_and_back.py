"""Labels on their way to the prepared grid and back."""

from guidednet.data.case_store import PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.nifti import Volume
from guidednet.data.prepare import prepare_image
from guidednet.data.resample import to_grid
from guidednet.phantom import make_case
from guidednet.predict import organ_volumes


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


def check_organs_after_the_way_there_and_back(dataset, voxel_mm, spacing_mm):
    """Phantom to prepared grid and back: Dice of at least 0.95 for every organ above 5 ml."""
    scan, organs = make_case(dataset, "case", voxel_mm=voxel_mm), organ_set(dataset)
    image, affine = prepare_image(Volume(scan.image, scan.affine), PrepareConfig(spacing_mm))
    there = to_grid(scan.label.transpose(2, 1, 0), scan.affine, image.shape[::-1], affine)
    back = to_grid(there.transpose(2, 1, 0), affine, scan.label.shape, scan.affine)
    volumes = organ_volumes(scan.label, scan.affine, organs)
    large = {
        label: organ.name for label, organ in organs.by_label.items() if volumes[organ.name] > 5
    }
    found = {name: dice(scan.label == label, back == label) for label, name in large.items()}
    assert len(found) >= 10 and min(found.values()) >= 0.95, found

"""NIfTI files are read as volumes on the grid that they say."""

import numpy as np
import pytest

from guidednet.data.datasets import organ_set
from guidednet.data.nifti import Volume, read_image, read_label
from guidednet.errors import InputError
from helpers.volumes import blobs, save


@pytest.mark.parametrize(
    ("difference", "fits"), [(np.diag([0.0095, 0, 0, 0]), False), (np.eye(4, k=3) * 0.02, True)]
)
def test_image_and_label_may_lie_half_a_voxel_apart(difference, fits, tmp_path):
    """A spacing wrong by 0.0095 mm is 0.55 voxels at the far end of 30 voxels of 0.5 mm; an origin
    rounded by 0.02 mm is nothing.
    """
    image, label, _ = blobs()
    affine = np.diag([0.5, 0.5, 0.5, 1.0])
    path = save(tmp_path / "label.nii.gz", label, affine + difference)
    if fits:
        assert np.array_equal(
            read_label(path, Volume(image, affine), organ_set("flare22")).data, label
        )
    else:
        with pytest.raises(InputError, match="lie up to 0.55 voxels apart"):
            read_label(path, Volume(image, affine), organ_set("flare22"))


def test_four_dimensions_with_one_volume_are_three(tmp_path):
    image, _, affine = blobs()
    assert (
        read_image(save(tmp_path / "scan.nii.gz", image[..., None], affine)).data.shape
        == image.shape
    )

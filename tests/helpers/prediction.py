"""Scans segmented by a run of the tests."""

import nibabel as nib
import numpy as np

from guidednet.predict import segment
from helpers.volumes import blobs, reoriented, save


def segmented(scan, affine, run_folder, folder, **options):
    segment(
        save(folder / "scan.nii.gz", scan, affine), run_folder, folder / "out.nii.gz", **options
    )
    return nib.load(folder / "out.nii.gz")


def check_that_prediction_follows_the_scan(order, run_folder, folder):
    """A scan stored in another axis order is segmented alike, on its own grid."""
    image, _, affine = blobs()
    expected = np.asarray(segmented(image, affine, run_folder, folder).dataobj)
    stored, stored_affine = reoriented(image, affine, order)
    found = segmented(stored, stored_affine, run_folder, folder)
    assert found.shape == stored.shape and np.allclose(found.affine, stored_affine, atol=1e-4)
    assert found.get_data_dtype() == np.uint8
    turned = nib.apply_orientation(expected, order)
    assert len(np.unique(expected)) > 1
    assert (np.asarray(found.dataobj) == turned).mean() > 0.999

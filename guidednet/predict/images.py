"""Scans in memory, in the forms of other libraries, and label maps back in the same form.

A form is recognised by the package that defines the image's class, so that none of the libraries
has to be imported for images of another one.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from guidednet.data.nifti import as_ids, label_image
from guidednet.data.nifti_header import affine_of
from guidednet.data.scan import read_scan
from guidednet.data.volume import Volume, check_grid
from guidednet.errors import InputError

TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # ITK's axes run to the left and the back
RESULT = "prediction"  # the name of the label map in a torchio Subject


@dataclass(frozen=True)
class Form:
    """How images of one library become volumes, and label maps (X,Y,Z) images of that library.

    `write` takes the label map, the volume that it lies on, and the image.
    """

    read: Callable[[Any], Volume]
    write: Callable[[np.ndarray, Volume, Any], Any]


def volume_of(
    image: Any, affine: np.ndarray | None = None, series: str | None = None, assume_hu: bool = False
) -> Volume:
    """The volume (X,Y,Z) of a scan in any form: a path, or an image of one of the FORMS.

    `affine` (4,4) to RAS mm belongs to a NumPy array, which has none itself; `series` and
    `assume_hu` belong to DICOM (guidednet.data.scan). Raises InputError for anything else.
    """
    if isinstance(image, np.ndarray):
        found = _from_array(image, affine)
    elif affine is not None:
        raise InputError("affine belongs to a NumPy array; this image has its own, so leave it out")
    elif isinstance(image, str | Path):
        return read_scan(Path(image), series, assume_hu)
    else:
        found = form_of(image).read(image)
    if found.data.ndim != 3 or min(found.data.shape) < 2:
        raise InputError(
            f"the image has shape {found.data.shape}, but a 3-D volume is needed; take one of it"
        )
    if found.data.dtype.kind not in "iufb":
        raise InputError(f"the image has voxels of type {found.data.dtype}; give real numbers")
    check_grid("the image", found.data.shape, found.affine)
    return found


def labels_like(image: Any, labels: np.ndarray, ids: tuple[int, ...], volume: Volume) -> Any:
    """`labels` (X,Y,Z), classes of `volume`, with the data set's `ids`, in the form of `image`.

    For a path this is a nibabel image, which `nibabel.save` writes.
    """
    numbers = as_ids(labels, ids)
    if isinstance(image, np.ndarray):
        return numbers
    if isinstance(image, str | Path):
        return _to_nibabel(numbers, volume, image)
    return form_of(image).write(numbers, volume, image)


def form_of(image: Any) -> Form:
    """The form of an image of one of the FORMS; raises InputError for any other object."""
    packages = {kind.__module__.partition(".")[0] for kind in type(image).__mro__}
    found = [form for package, form in FORMS.items() if package in packages]
    if not found:
        raise InputError(
            f"an image is a path, a nibabel, torchio or SimpleITK image, or a NumPy array with its "
            f"affine, not a {type(image).__name__}; convert it to one of them"
        )
    return found[0]


def _from_array(array: np.ndarray, affine: np.ndarray | None) -> Volume:
    if affine is None or np.shape(affine) != (4, 4):
        raise InputError("an array (X,Y,Z) needs its affine (4,4) to RAS mm; give affine=...")
    return Volume(array, np.asarray(affine, float))


def _from_nibabel(image: nib.spatialimages.SpatialImage) -> Volume:
    is_nifti = isinstance(image.header, nib.Nifti1Header)
    data = np.asanyarray(image.dataobj)
    while data.ndim > 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if not is_nifti:
        return Volume(data, np.asarray(image.affine, float))
    return Volume(data, affine_of(image.header), image.header)


def _to_nibabel(labels: np.ndarray, volume: Volume, image: Any) -> nib.Nifti1Image:
    """The image that is read from the file that `guidednet predict` writes."""
    written = label_image(labels, volume.affine, like=volume.header)
    return type(written).from_bytes(written.to_bytes())


def _from_torchio(image: Any) -> Volume:
    """The volume of an image, or of the only scan of a Subject."""
    scan = _scan_of(image)
    data = scan.data.numpy()
    if len(data) != 1:
        raise InputError(f"the image has {len(data)} channels; give one of them")
    return Volume(data[0], np.asarray(scan.affine, float))


def _to_torchio(labels: np.ndarray, volume: Volume, image: Any) -> Any:
    """A LabelMap, or for a Subject a copy of it with a LabelMap called "prediction"."""
    import torchio

    values = labels if labels.dtype == np.uint8 else labels.astype(np.int32)  # no uint16 in torchio
    label_map = torchio.LabelMap(tensor=np.ascontiguousarray(values[None]), affine=volume.affine)
    if not isinstance(image, torchio.Subject):
        return label_map
    subject = copy.copy(image)
    subject.add_image(label_map, RESULT)
    return subject


def _scan_of(image: Any) -> Any:
    """The only scan of a torchio Subject; an image is its own."""
    import torchio

    if not isinstance(image, torchio.Subject):
        return image
    scans = {name: value for name, value in image.items() if isinstance(value, torchio.ScalarImage)}
    if len(scans) != 1:
        named = f"{len(scans)} scans ({', '.join(scans)})" if scans else "no scan"
        raise InputError(f"the Subject has {named}; give one image, such as subject['ct']")
    return next(iter(scans.values()))


def _from_itk(image: Any) -> Volume:
    import SimpleITK

    data = SimpleITK.GetArrayFromImage(image).T
    if image.GetDimension() != 3:
        return Volume(data, np.eye(4))  # refused for its shape
    axes = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine = nib.affines.from_matvec(axes, image.GetOrigin())
    return Volume(data, TO_LPS @ affine)


def _to_itk(labels: np.ndarray, volume: Volume, image: Any) -> Any:
    import SimpleITK

    found = SimpleITK.GetImageFromArray(np.ascontiguousarray(labels.T))
    found.CopyInformation(image)
    return found


# By the package that defines their class.
FORMS = {
    "nibabel": Form(_from_nibabel, _to_nibabel),
    "torchio": Form(_from_torchio, _to_torchio),
    "SimpleITK": Form(_from_itk, _to_itk),
}

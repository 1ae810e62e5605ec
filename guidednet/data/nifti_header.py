"""Where a NIfTI header puts its volume, what is doubtful about that, and a header like another's.

A header has two transforms, each with a code that says what it maps to, or 0 if it is not set.
nibabel takes the sform if its code is not 0, ITK's viewers sometimes take the qform. A label map
lies on its scan in all of them only if it repeats both.
"""

import logging

import nibabel as nib
import numpy as np

from guidednet.data.volume import largest_gap
from guidednet.errors import InputError

# Discards remarks on header errors that nibabel fixes; it raises those that it cannot fix.
SILENT = logging.Logger("nibabel", logging.CRITICAL + 1)
MM_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}  # by the header's code for its unit of length
UNIT_BITS = 7  # of xyzt_units; the others are the unit of time
WIDEST_GAP = 0.5  # voxels between the two transforms at any corner that rounding may leave
REPEATED = (
    *("qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "xyzt_units"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z"),
)


def parse_header(start: bytes) -> tuple[nib.Nifti1Header, nib.Nifti1Header]:
    """The header in the first bytes of a file, as it is and as nibabel mends it; no extensions.

    nibabel would read as many bytes as an extension claims to have, even in a damaged file.
    """
    kind = nib.Nifti2Header if nib.Nifti2Header.may_contain_header(start) else nib.Nifti1Header
    stored = kind(start[: kind.template_dtype.itemsize], check=False)
    header = stored.copy()
    header.check_fix(SILENT)
    return stored, header


def affine_of(header: nib.Nifti1Header) -> np.ndarray:
    """The affine (4,4) from voxels to RAS mm; metres and micrometres are turned to mm."""
    return _in_mm(header, header.get_best_affine())


def _in_mm(header: nib.Nifti1Header, affine: np.ndarray) -> np.ndarray:
    scaled = np.array(affine, dtype=np.float64)
    with np.errstate(over="ignore"):
        scaled[:3] *= MM_PER_UNIT.get(int(header["xyzt_units"]) & UNIT_BITS, 1.0)
    return scaled


def doubts(
    source: object, header: nib.Nifti1Header, shape: tuple[int, ...], affine: np.ndarray
) -> tuple[str, ...]:
    """Sentences on what is doubtful about where the header puts the volume."""
    codes = int(header["sform_code"]), int(header["qform_code"])
    if codes == (0, 0):
        return (
            f"{source}: has no orientation in its header (both codes are 0), so which side is left "
            "is a guess; check it before you trust organs on one side",
        )
    if not all(codes):
        return ()
    gap = _gap(header, shape, affine)
    if gap <= WIDEST_GAP:
        return ()
    return (
        f"{source}: the two transforms of its header (sform, qform) lie {gap:.3g} voxels apart; "
        "the sform is used, and the segmentation repeats both, but viewers that take the qform "
        "show the scan elsewhere",
    )


def _gap(header: nib.Nifti1Header, shape: tuple[int, ...], affine: np.ndarray) -> float:
    """Voxels between the two transforms; infinite if the qform is none."""
    with np.errstate(all="ignore"):  # a damaged header may hold any numbers
        try:
            qform = header.get_qform()
        except (ValueError, nib.spatialimages.HeaderDataError):
            return np.inf
        gap = largest_gap(shape, affine, _in_mm(header, qform))
    return gap if np.isfinite(gap) else np.inf


def header_like(header: nib.Nifti1Header, kind: np.dtype) -> nib.Nifti1Header:
    """A header for a volume of type `kind` with the transforms, codes and unit of another one.

    It has nothing else of the other one, such as its rescaling.
    """
    like = type(header)()
    like.set_data_dtype(kind)
    for name in REPEATED:
        like[name] = header[name]
    like["pixdim"][:4] = header["pixdim"][:4]
    return like


def new_header(affine: np.ndarray, kind: np.dtype) -> nib.Nifti1Header:
    """A header for a volume of type `kind` with `affine` as sform and, where it can be, as qform.

    A qform has no shear. For the slices of a tilted gantry it says what ITK's viewers make of the
    scan itself: slices perpendicular to their stack.
    """
    header = nib.Nifti1Header()
    header.set_data_dtype(kind)
    header.set_xyzt_units("mm")
    upright = affine.copy()
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal *= np.sign(normal @ affine[:3, 2]) / np.linalg.norm(normal)
    upright[:3, 2] = normal * np.linalg.norm(affine[:3, 2])
    header.set_qform(upright, code="scanner")
    header.set_sform(affine, code="scanner")
    return header


def check_kind(source: object, header: nib.Nifti1Header) -> np.dtype:
    """The type of the voxels; raises InputError if they are no real numbers."""
    if (kind := header.get_data_dtype()).kind not in "iufb":
        raise InputError(
            f"{source}: has voxels of type {kind} instead of one real number per voxel; "
            "export the scan again"
        )
    return kind

"""Synthetic abdominal CT, written as NIfTI in the layouts of FLARE22 and AMOS.

No case comes from a patient. A case is a pure function of (seed, data set, case id): a patient is
drawn at random (guidednet.phantom.variation), bent and scanned. The unlabelled cases of FLARE22
come from other centres than the labelled ones, with other contrast phases and more noise; all cases
of AMOS come from several centres.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import partial
from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.interpolate import make_interp_spline

from guidednet.data.datasets import DATASETS, PhantomForm, dataset_of, organ_set
from guidednet.data.datasets.base import ENDING
from guidednet.data.layouts import PHANTOM_FILE, RawCase, find_cases
from guidednet.errors import InputError
from guidednet.phantom.acquisition import AIR_HU, MANY_CENTRES, ONE_CENTRE, PHASES, acquire
from guidednet.phantom.anatomy import ORGAN_FORMS
from guidednet.phantom.tissues import (
    Painter,
    paint_ascites,
    paint_body,
    paint_bowel,
    paint_lesions,
    paint_organs,
    paint_skeleton_and_muscles,
)
from guidednet.phantom.variation import Patient, draw_patient
from guidednet.processes.workers import in_parallel
from guidednet.support.files import read_json, write_bytes, write_json
from guidednet.support.progress import Progress, silent

CUT_PELVIS = 0.3
WIDTH_MM = 384.0  # of the field of view
SMALLEST_PIXEL = 0.85  # of a case, in units of voxel_mm
AXIS_ORDERS = tuple(product(permutations(range(3)), product((1, -1), repeat=3)))


@dataclass(frozen=True)
class Scan:
    """A synthetic case as stored in its files.

    `image` (X,Y,Z) is int16 HU, `label` (X,Y,Z) is uint8, and `affine` is (4,4).
    """

    image: np.ndarray
    label: np.ndarray
    affine: np.ndarray
    phase: str


def make_case(
    dataset: str,
    case_id: str,
    shifted: bool = False,
    seed: int = 0,
    voxel_mm: float = 1.5,
    matrix: int | None = None,
) -> Scan:
    """The case called `case_id`, always the same for the same arguments.

    `shifted` draws it from the distribution of unlabelled cases. `voxel_mm` is the approximate
    voxel size within a slice; slices are two to three times as thick. `matrix` gives square slices
    of that many pixels a side, as scanners write them, with air around the body; it replaces
    `voxel_mm`. Shifted cases have a label too, for figures that compare with the truth;
    `write_phantoms` never writes it.
    """
    generator = np.random.default_rng(
        list(hashlib.sha256(f"{seed}/{dataset}/{case_id}".encode()).digest())
    )
    voxel_mm = voxel_mm if matrix is None else WIDTH_MM / SMALLEST_PIXEL / matrix
    spacing = (
        np.array([generator.uniform(1.9, 3.2), *[generator.uniform(SMALLEST_PIXEL, 1.2)] * 2])
        * voxel_mm
    )
    patient = draw_patient(generator)
    axes = _grid_axes(dataset, spacing, patient.size, generator)
    painter = _painted(patient, axes, spacing, generator)
    several = shifted or phantom_form(dataset).several_centres
    protocol = MANY_CENTRES if several else ONE_CENTRE
    time, noise = protocol.draw_time(generator), generator.uniform(*protocol.noise)
    image = acquire(painter, time, noise, axes, spacing, patient.fatty_liver, generator)
    label = _label_ids(painter.organ, dataset)
    if matrix is not None:
        image, label, axes = _on_matrix(image, label, axes, matrix)
    return _stored(image, label, axes, spacing, PHASES[round(time)], generator)


def _painted(
    patient: Patient, axes: list[np.ndarray], spacing: np.ndarray, generator: np.random.Generator
) -> Painter:
    """The tissues and organs of `patient` on the grid of `axes`."""
    points = _bent_points(axes, patient.stretch, generator)
    painter = Painter(points, voxel_ml=float(np.prod(spacing)) / 1000)
    paint_body(painter, patient.fat)
    paint_skeleton_and_muscles(painter)
    paint_organs(painter, patient.organs, patient.oral_contrast)
    paint_lesions(painter, generator)
    paint_bowel(painter, patient.bowel_loops, patient.oral_contrast, generator)
    paint_ascites(painter, patient.ascites)
    return painter


def write_phantoms(
    folder: Path,
    dataset: str,
    cases: int,
    labelled: int,
    seed: int = 0,
    voxel_mm: float = 1.5,
    workers: int = 1,
    progress: Progress = silent,
    matrix: int | None = None,
) -> list[RawCase]:
    """Write `cases` phantoms in the layout of `dataset`, the first `labelled` of them with labels.

    Returns the cases. A case that exists already is not made again. Raises InputError if the folder
    holds phantoms made with other settings, such as another seed, or scans that are not phantoms.
    """
    form = phantom_form(dataset)
    settings = {"dataset": dataset, "seed": seed, "voxel_mm": voxel_mm, "matrix": matrix}
    _claim(folder, settings)
    job = partial(_write_case, folder=folder, labelled=labelled, **settings)
    for _ in progress(in_parallel(job, range(cases), workers), cases):
        pass
    if form.has_description:
        _write_description(folder, dataset)
    return find_cases(folder, dataset)


def phantom_form(dataset: str) -> PhantomForm:
    """How phantoms stand in for `dataset`; raises InputError if they cannot."""
    form = dataset_of(dataset).phantom
    if form is None:
        known = [name for name, other in DATASETS.items() if other.phantom]
        raise InputError(f"there are no phantoms of {dataset}: use one of {', '.join(known)}")
    return form


def _write_description(folder: Path, dataset: str) -> None:
    """Write dataset.json, which names the labels, as in the public release."""
    names = {label: organ.name for label, organ in organ_set(dataset).in_order}
    description = {
        "name": f"synthetic phantoms in the layout of {dataset.upper()}",
        "modality": {"0": "CT"},
        "labels": {0: "background"} | names,
    }
    write_json(folder / "dataset.json", description)


def _write_case(
    number: int,
    folder: Path,
    dataset: str,
    labelled: int,
    seed: int,
    voxel_mm: float,
    matrix: int | None,
) -> None:
    form = phantom_form(dataset)
    case_id, shifted = form.case_id(number, labelled), number >= labelled
    image_folder, label_folder = (
        (form.unlabelled_folder, None) if shifted else form.labelled_folders
    )
    image = folder / image_folder / (case_id + form.suffix)
    if image.exists():
        return
    scan = make_case(dataset, case_id, shifted, seed, voxel_mm, matrix)
    if label_folder:  # label first, so that no image exists without it
        write_bytes(folder / label_folder / f"{case_id}.nii.gz", _nifti(scan.label, scan.affine))
    write_bytes(image, _nifti(scan.image, scan.affine))


def _claim(folder: Path, settings: dict[str, object]) -> None:
    path = folder / PHANTOM_FILE
    if not path.exists() and next(folder.rglob(f"*{ENDING}"), None):
        raise InputError(f"{folder}: holds scans that are not phantoms; give an empty folder")
    if path.exists() and read_json(path) != settings:
        raise InputError(
            f"{folder}: holds phantoms made with other settings ({path.name}); "
            "delete it or give an empty folder"
        )
    write_json(path, settings)


def _grid_axes(
    dataset: str, spacing: np.ndarray, size: float, generator: np.random.Generator
) -> list[np.ndarray]:
    """Places (mm) of the voxels along z, y and x, growing to superior, anterior and right."""
    form = phantom_form(dataset)
    top, bottom = form.field_of_view_mm + generator.normal(0, 6, 2)
    if generator.random() < CUT_PELVIS and form.may_cut_pelvis:
        bottom = generator.uniform(-215, -140)
    ends = ((bottom * size, top * size), (-146, 134), (-WIDTH_MM / 2, WIDTH_MM / 2))
    return [
        np.arange(low, high, step, dtype=np.float32)
        for (low, high), step in zip(ends, spacing, strict=True)
    ]


def _bent_points(
    axes: list[np.ndarray], stretch: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Where each voxel lies in the average anatomy (D,H,W,3).

    The places are scaled by `stretch` (3,) and bent by a smooth random field.
    """
    points = np.empty((*map(len, axes), 3), np.float32)
    for component in range(3):  # x, y, z
        own = axes[2 - component].reshape([-1 if axis == 2 - component else 1 for axis in range(3)])
        points[..., component] = (own + _smooth_field(axes, generator, amplitude=8)) / stretch[
            component
        ]
    return points


def _smooth_field(
    axes: list[np.ndarray], generator: np.random.Generator, amplitude: float, wavelength: float = 75
) -> np.ndarray:
    """A random field (D,H,W) that varies over `wavelength` mm.

    It is a cubic spline through random values on a coarse grid.
    """
    grids = [np.arange(-400, 401, wavelength) for _ in axes]
    values = generator.normal(0, amplitude, [len(grid) for grid in grids])
    for axis, (grid, places) in enumerate(zip(grids, axes, strict=True)):
        values = make_interp_spline(grid, values, axis=axis)(places)
    return values.astype(np.float32)


def _label_ids(organ: np.ndarray, dataset: str) -> np.ndarray:
    """Label ids of the data set (D,H,W) for `organ`, which has places in ORGAN_FORMS from 1."""
    labels = {known.name: label for label, known in organ_set(dataset).in_order}
    return np.array([0, *[labels.get(form.name, 0) for form in ORGAN_FORMS]], np.uint8)[organ]


def _on_matrix(
    image: np.ndarray, label: np.ndarray, axes: list[np.ndarray], matrix: int
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Image and label (D,H,W), padded to slices of `matrix` x `matrix` pixels.

    The image is padded with air; the axes are extended accordingly.
    """
    missing = [0, *(matrix - len(axis) for axis in axes[1:])]
    widths = [(gap // 2, gap - gap // 2) for gap in missing]
    longer = [
        np.pad(axis, width, mode="reflect", reflect_type="odd")
        for axis, width in zip(axes, widths, strict=True)
    ]
    return np.pad(image, widths, constant_values=AIR_HU), np.pad(label, widths), longer


def _stored(
    image: np.ndarray,
    label: np.ndarray,
    axes: list[np.ndarray],
    spacing: np.ndarray,
    phase: str,
    generator: np.random.Generator,
) -> Scan:
    """The case in a randomly drawn axis order, with the affine of that order."""
    affine = np.diag([*spacing[::-1], 1.0])
    affine[:3, 3] = [axis[0] for axis in axes[::-1]]
    affine[:3, 3] += generator.uniform(-40, 40, 3)  # where the scanner's origin lies
    order, signs = (
        AXIS_ORDERS[generator.integers(len(AXIS_ORDERS))]
        if generator.random() < 0.5
        else ((0, 1, 2), (-1, -1, 1))
    )
    orientation = np.array([[axis, sign] for axis, sign in zip(order, signs, strict=True)])
    arrays = [
        nib.apply_orientation(array.transpose(2, 1, 0), orientation)
        for array in (image.astype(np.int16), label)
    ]
    stored_affine = affine @ nib.orientations.inv_ornt_aff(orientation, image.shape[::-1])
    return Scan(arrays[0], arrays[1], stored_affine, phase)


def _nifti(array: np.ndarray, affine: np.ndarray) -> bytes:
    """A gzipped NIfTI file; equal arrays and affines give equal bytes."""
    image = nib.Nifti1Image(array, affine)
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    return gzip.compress(image.to_bytes(), compresslevel=4, mtime=0)

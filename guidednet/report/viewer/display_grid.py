"""The grid on which people see a case, which is finer than the one on which networks are trained.

A real case is shown on its scan. A phantom is a pure function of its name, so it is drawn again
with small voxels: the same body, with another noise.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import organ_set
from guidednet.data.layouts import RawCase, find_cases
from guidednet.data.nifti import canonical, read_image
from guidednet.data.prepare import in_ras, read_reference
from guidednet.data.resample import prepared_grid
from guidednet.phantom import make_case
from guidednet.runs.fingerprint import code_fingerprint, hash_of, modules_reached
from guidednet.runs.workspace import Workspace
from guidednet.support.files import written_beside

DRAWN_MM = 1.5  # voxel size of phantoms that are drawn to be looked at
MOST_TIMES_FINER = 4  # than the phantom of the training, so that tiny ones stay quick to draw


@dataclass(frozen=True)
class DisplayGrid:
    """A scan (D,H,W) in HU with its reference label map (D,H,W), if it has one, RAS+.

    `affine` (4,4) leads from its voxels (x,y,z) to mm, `prepared` (4,4) from those of the prepared
    case. `said` says what is shown, such as "the phantom drawn at 1.5 mm".
    """

    image: np.ndarray
    reference: np.ndarray | None
    affine: np.ndarray
    prepared: np.ndarray
    said: str


def display_grid(workspace: Workspace, dataset: str, case: str) -> DisplayGrid | None:
    """The display grid of a prepared case; None if it is a real case whose scan is not there."""
    cases = workspace.cases(dataset)
    voxel_mm = drawn_voxel_mm(workspace, dataset)
    if voxel_mm is not None:
        return drawn_phantom(workspace.results / "display", cases, case, voxel_mm)
    raw = _raw_case(workspace, dataset, case)
    return None if raw is None else scanned(raw, dataset, cases.spacing(case))


def drawn_voxel_mm(workspace: Workspace, dataset: str) -> float | None:
    """The voxel size at which phantoms of `dataset` are drawn again to be shown.

    None if its cases are real, or if the phantoms on disk are as fine.
    """
    phantom = workspace.data(dataset).phantom
    if phantom is None or phantom.voxel_mm <= DRAWN_MM:
        return None
    return max(DRAWN_MM, phantom.voxel_mm / MOST_TIMES_FINER)


def drawn_phantom(folder: Path, cases: CaseStore, case: str, voxel_mm: float) -> DisplayGrid:
    """The phantom `case` drawn again with voxels of `voxel_mm`, from a file in `folder` if it was
    drawn before.
    """
    dataset, labelled = cases.settings["dataset"], bool(cases.row(case)["labelled"])
    code = code_fingerprint(modules_reached(["guidednet.phantom.cases"], ("phantom",)))
    key = hash_of([dataset, case, labelled, voxel_mm, code])[:16]
    path = folder / f"{dataset}-{case}-{key}.npz"
    if not path.exists():
        scan = make_case(dataset, case, shifted=not labelled, voxel_mm=voxel_mm)
        with written_beside(path) as beside, beside.open("wb") as file:
            np.savez(file, image=scan.image, label=scan.label, affine=scan.affine)
    with np.load(path) as stored:
        image, affine = in_ras(stored["image"], stored["affine"])
        reference = in_ras(stored["label"], stored["affine"])[0].T if labelled else None
    shape, scan_affine = _upright_scan(cases, case)
    # Every drawing has its own origin of the scanner, but the same first place of the body.
    affine = np.vstack([np.column_stack([affine[:3, :3], scan_affine[:3, 3]]), affine[3:]])
    prepared = prepared_grid(shape, scan_affine, cases.spacing(case)[::-1])[1]
    said = f"shown and measured on the phantom drawn at {voxel_mm:g} mm"
    return DisplayGrid(image.T, reference, affine, prepared, said)


def scanned(raw: RawCase, dataset: str, spacing: tuple[float, float, float]) -> DisplayGrid:
    """The scan of `raw` with its reference; the case was prepared with voxels of `spacing` (z,y,x)
    in mm.
    """
    scan = read_image(raw.image)
    grey, affine = canonical(scan)
    reference = read_reference(raw, scan, organ_set(dataset))
    prepared = prepared_grid(grey.shape[::-1], affine, spacing[::-1])[1]
    label = None if reference is None else canonical(reference)[0]
    return DisplayGrid(grey, label, affine, prepared, "shown and measured on the scan's grid")


def _upright_scan(cases: CaseStore, case: str) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape (X,Y,Z) and affine of the scan that was prepared, with its axes turned to RAS+."""
    row = cases.row(case)
    shape, affine = json.loads(row["original_shape"]), np.array(json.loads(row["original_affine"]))
    turned, affine = in_ras(np.broadcast_to(np.uint8(0), shape), affine)
    return turned.shape, affine


def _raw_case(workspace: Workspace, dataset: str, case: str) -> RawCase | None:
    """The case as it is on disk; None if its scan is no longer there."""
    folder = workspace.raw_folder(dataset)
    found = find_cases(folder, dataset) if folder.is_dir() else []
    return next((raw for raw in found if raw.case_id == case), None)

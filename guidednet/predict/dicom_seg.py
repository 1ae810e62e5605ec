"""A segmentation as a DICOM SEG object, for PACS, OHIF and 3D Slicer; needs the package highdicom.

The object refers to the slices of its series, lies on their grid, and names organs by SNOMED CT.
"""

from pathlib import Path
from typing import Any

import numpy as np

from guidednet.data.dicom import series_files
from guidednet.data.organs import Organ, OrganSet
from guidednet.data.volume import Volume
from guidednet.errors import InputError
from guidednet.support.files import written_beside

# SNOMED CT: code and meaning by organ, without its side. Others are an anatomical structure.
CODES = {
    "liver": ("10200004", "Liver"),
    "spleen": ("78961009", "Spleen"),
    "stomach": ("69695003", "Stomach"),
    "kidney": ("64033007", "Kidney"),
    "aorta": ("15825003", "Aorta"),
    "pancreas": ("15776009", "Pancreas"),
    "inferior vena cava": ("64131007", "Inferior vena cava"),
    "duodenum": ("38848004", "Duodenum"),
    "gallbladder": ("28231008", "Gallbladder"),
    "oesophagus": ("32849002", "Esophagus"),
    "adrenal gland": ("23451007", "Adrenal gland"),
    "bladder": ("89837001", "Bladder"),
}
STRUCTURE = ("91723000", "Anatomical Structure")
SIDES = {"left": ("7771000", "Left"), "right": ("24028007", "Right")}


def check_dicom_seg(scan: Path, path: Path) -> None:
    """Raise InputError if no DICOM SEG of `scan` can be written to `path`."""
    _highdicom()
    if not scan.is_dir():
        raise InputError(
            f"--dicom-seg {path}: {scan} is no folder of a DICOM series, to whose slices it would "
            "refer; give one"
        )


def write_dicom_seg(
    path: Path, labels: Volume, scan: Path, organs: OrganSet, series: str | None = None
) -> None:
    """Write classes (X,Y,Z), which lie on the series in the folder `scan`, as DICOM SEG.

    Segment numbers are the classes 1 ... K-1. Raises InputError if highdicom is missing, or if the
    series lacks what it needs.
    """
    highdicom = _highdicom()
    import pydicom

    files = series_files(scan, series)
    slices = [pydicom.dcmread(file, stop_before_pixels=True) for file in files]
    step = float(np.linalg.norm(labels.affine[:3, 2]))
    for one in slices:  # which may lack it, but no SEG can
        one.SliceThickness = one.get("SliceThickness") or round(step, 4)
    try:
        segmentation = highdicom.seg.Segmentation(
            source_images=slices,
            pixel_array=np.ascontiguousarray(labels.data.T),
            segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=[
                _description(highdicom, number, organ) for number, organ in organs.in_order
            ],
            series_instance_uid=highdicom.UID(),
            series_number=int(slices[0].get("SeriesNumber") or 0) + 1000,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer="GuidedNet companion",
            manufacturer_model_name="guidednet",
            software_versions="research software, no medical device",
            device_serial_number="0",
            series_description="GuidedNet companion: organs (research only)",
        )
    except (AttributeError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{scan}: no DICOM SEG can refer to this series ({error}); export the original series"
        ) from error
    with written_beside(path) as temporary:
        segmentation.save_as(temporary)


def _description(highdicom: Any, number: int, organ: Organ) -> Any:
    """The description of one segment."""
    coded = highdicom.sr.CodedConcept
    side, _, rest = organ.name.partition(" ")
    name = rest if side in SIDES else organ.name
    value, meaning = CODES.get(name, STRUCTURE)
    described = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=organ.name,
        segmented_property_category=coded(STRUCTURE[0], "SCT", STRUCTURE[1]),
        segmented_property_type=coded(value, "SCT", meaning),
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name="GuidedNet companion",
            version="research",
            family=coded("123109", "DCM", "Artificial Intelligence"),
        ),
    )
    if side in SIDES:
        kind = described.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [
            coded(SIDES[side][0], "SCT", SIDES[side][1])
        ]
    return described


def _highdicom() -> Any:
    try:
        import highdicom
        import highdicom.seg
        import highdicom.sr
    except ImportError as error:
        raise InputError(
            "--dicom-seg needs the package highdicom; pip install highdicom"
        ) from error
    return highdicom

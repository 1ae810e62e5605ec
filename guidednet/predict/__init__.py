"""Segment scans with a trained model: files and folders, or images in memory.

The scan is prepared, the window slides over it, and the answer returns to the scan's own grid
(volume). Files and folders of them are the command line's way in (scans); images of nibabel,
NumPy, torchio and SimpleITK are Python's (segmenter).
"""

from guidednet.data.scan_jobs import find_jobs
from guidednet.predict.beside import Beside
from guidednet.predict.organ_tables import organ_volumes, write_colour_tables
from guidednet.predict.scans import AS_IT_IS, Reading, Segmented, segment, segment_all
from guidednet.predict.segmenter import Segmenter, load
from guidednet.predict.volume import Extras, Prediction, segment_volume

__all__ = [
    "AS_IT_IS",
    "Beside",
    "Extras",
    "Prediction",
    "Reading",
    "Segmented",
    "Segmenter",
    "find_jobs",
    "load",
    "organ_volumes",
    "segment",
    "segment_all",
    "segment_volume",
    "write_colour_tables",
]

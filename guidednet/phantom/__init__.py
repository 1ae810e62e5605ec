"""Synthetic abdominal CT in the layouts of FLARE22 and AMOS.

shapes      solid shapes in millimetres          hounsfield   the HU of each tissue
anatomy     where organs, vessels, bones lie     variation    one patient, drawn at random
tissues     the anatomy painted into a grid      acquisition  the scan of a painted anatomy
cases       random cases, scanned and written as NIfTI
"""

from guidednet.phantom.cases import Scan, make_case, write_phantoms

__all__ = ["Scan", "make_case", "write_phantoms"]

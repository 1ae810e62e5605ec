"""Synthetic abdominal CT in the layouts of FLARE22 and AMOS.

shapes      solid shapes in millimetres          hounsfield  what each tissue measures
anatomy     where organs, vessels, bones lie     tissues     the anatomy painted into a grid
cases       random patients, scanned and written as NIfTI
"""

from guidednet.phantom.cases import Scan, make_case, write_phantoms

__all__ = ["Scan", "make_case", "write_phantoms"]

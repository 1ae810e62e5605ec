"""Widgets to play with the equations in a notebook or a page, without a kernel.

Each computes its equations in the browser; where no script runs, it is a picture.
"""

from guidednet.report.playground.cgmm import Crops, cgmm_playground, crops_of_run
from guidednet.report.playground.detectable_gap import gap_playground
from guidednet.report.playground.ktcps import ktcps_playground
from guidednet.report.playground.section import section_html
from guidednet.report.playground.widget import Playground

__all__ = [
    "Crops",
    "Playground",
    "cgmm_playground",
    "crops_of_run",
    "gap_playground",
    "ktcps_playground",
    "section_html",
]

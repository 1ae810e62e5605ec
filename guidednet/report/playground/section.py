"""The widgets as a section of the page to open first."""

from guidednet.report.playground.cgmm import cgmm_playground, crops_of_run
from guidednet.report.playground.detectable_gap import gap_playground
from guidednet.report.playground.ktcps import ktcps_playground
from guidednet.runs.store import RunStore
from guidednet.study.ablations import guidednet_rows

CGMM = (
    "Each class is a Gaussian in the space of the network's features. Drag a centroid or change a "
    "spread, and see what becomes of the posterior that corrects the pseudo-labels; or switch to "
    "what the released code computes instead."
)
KTCPS = (
    "The fewer voxels of a class a network gets right, the more its pseudo-labels should weigh. As "
    "printed, every weight is 0 or 0/0. Move the counts, or take a class out of the crops."
)
GAP = (
    "How large must the true gap between two methods be, for a test over few cases to find it? The "
    "ticks are the gaps between neighbouring methods of the paper's Table 1."
)


def section_html(runs: RunStore, seeds: int) -> str:
    """Headings, a sentence each, and the widgets, as HTML that needs nothing else.

    The widget of 3D-CGMM shows a slice of GuidedNet's run, and is left out without one.
    """
    finished = runs.finished(guidednet_rows(runs.workspace.profile, seeds)[0].configs)
    of_run = cgmm_playground(crops_of_run(finished[0], runs)).html() if finished else None
    parts = {
        "3D-CGMM on one slice": (CGMM, of_run),
        "Weights of KT-CPS": (KTCPS, ktcps_playground().html()),
        "What a gap in a table means": (GAP, gap_playground().html()),
    }
    return "\n".join(
        f"<h3>{heading}</h3><p>{words}</p>{widget}"
        for heading, (words, widget) in parts.items()
        if widget is not None
    )

"""The viewer of a test case of each data set, which needs no kernel."""

from collections.abc import Callable

from guidednet.report.figures.figures4_5 import median_case
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.markup import Section
from guidednet.report.tables.table import NOT_RUN
from guidednet.report.viewer.page_viewer import viewer_html
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.trained import scene_of_runs
from guidednet.runs.profile import Profile
from guidednet.study.rows import SHOWN_METHODS, Row, comparison_rows, table1, table2

BROWSED = (("flare22", table1), ("amos", table2))


def viewer_section(contents: Contents) -> Section:
    """A viewer of the cases of Figures 4 and 5, of each data set with a GuidedNet run."""
    scenes = [_scene(contents, dataset, builder) for dataset, builder in BROWSED]
    found = [scene for scene in scenes if scene is not None]
    kind = "synthetic " if contents.workspace.synthetic else ""
    said = (
        f"<p>A {kind}test case of each data set, segmented by several methods. The wheel changes "
        "the slice, a click places the cross in all planes, a drag with the right button sets the "
        "window.</p>"
    )
    body = viewer_html(found) if found else f"<p>{NOT_RUN}</p>"
    return Section("viewer", "Slices to look through", said + body)


def _scene(
    contents: Contents, dataset: str, builder: Callable[[Profile, int], list[Row]]
) -> Scene | None:
    """The case of Figure 4 or 5; None without a GuidedNet run or without the data set."""
    workspace = contents.workspace
    if dataset not in workspace.profile.data:
        return None
    ratio = workspace.data(dataset).ratios[1]
    rows = comparison_rows(builder(workspace.profile, contents.seeds), SHOWN_METHODS, ratio[1])
    run = contents.get(rows[0].configs[0])
    if run is None:
        return None
    configs = {row.label: row.configs[0] for row in reversed(rows)}  # GuidedNet is shown first
    found = {name: config for name, config in configs.items() if contents.get(config)}
    return scene_of_runs(contents.runs, found, median_case(run))

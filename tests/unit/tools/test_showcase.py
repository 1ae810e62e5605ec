"""The picture in the README shows three planes of three cases."""

from tools.showcase import showcase


def test_the_readmes_picture_has_three_planes_of_three_cases_with_and_without_labels():
    figure = showcase(voxel_mm=9.0)
    outlined = [bool(axes.collections or axes.lines or axes.patches) for axes in figure.axes]
    assert outlined == [False, True] * 9
    assert [axes.get_title(loc="left").split(",")[0] for axes in figure.axes[::6]] == [
        "labelled case",
        "labelled case",
        "unlabelled case",
    ]

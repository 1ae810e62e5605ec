"""A figure is saved with its numbers, with the same bytes each time."""

import pandas as pd

from guidednet.report.figures.save import SINGLE, print_figure, save_figure


def test_a_figure_is_saved_with_its_numbers_and_equal_bytes(tmp_path):
    frame = pd.DataFrame({"x": [1, 2], "y": [3.0, 4.5]})
    for folder in ("one", "two"):
        figure, axes = print_figure(SINGLE, 2)
        axes.plot(frame["x"], frame["y"])
        save_figure(figure, frame, tmp_path / folder, "line")
    for ending in ("png", "pdf", "csv"):
        assert (tmp_path / "one" / f"line.{ending}").read_bytes() == (
            tmp_path / "two" / f"line.{ending}"
        ).read_bytes()
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "one" / "line.csv"), frame)
    assert figure.get_figwidth() == SINGLE and axes.xaxis.label.get_fontsize() >= 7

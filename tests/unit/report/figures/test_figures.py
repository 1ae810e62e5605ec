"""Figures: drawn from a saved frame, the same bytes each time, boxes where they belong, hidden
labels out of training's reach.
"""

import subprocess
import sys
from itertools import combinations
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.container import ErrorbarContainer

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.prepare import prepare
from guidednet.data.splits import Split
from guidednet.errors import InputError
from guidednet.evaluation.statistics import rank_correlation
from guidednet.phantom import make_case, write_phantoms
from guidednet.report.figures.benchmarks import (
    benchmark_tables,
    comparisons,
    draw_comparisons,
    draw_growth,
    other_findings,
)
from guidednet.report.figures.charts import draw_curves, draw_means, draw_organ_gains, draw_pairs
from guidednet.report.figures.figure1b import draw_ranks, organ_volumes, rank_table
from guidednet.report.figures.figures1_3 import (
    GUIDED,
    PSEUDO_LABELS,
    TRAINING,
    edges,
    figure1a,
    figure3,
)
from guidednet.report.figures.figures4_5 import (
    Box,
    advantage,
    box_table,
    boxes_of,
    draw_comparison,
    place_box,
)
from guidednet.report.figures.hidden_truth import hidden_label
from guidednet.report.figures.save import DOUBLE, SINGLE, print_figure, save_figure
from guidednet.report.viewer.scene import SCALED_WINDOWS, Scene
from guidednet.report.viewer.slices import cut, montage, slice_slider
from guidednet.report.viewer.surfaces3d import organ_surfaces
from guidednet.runs.profiles import DataConfig, PhantomConfig, Profile
from guidednet.runs.workspace import Workspace, open_workspace
from tools.showcase import showcase


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


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


# Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB.
COLOUR_VISION = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "full": np.eye(3).tolist(),
}


def lab(colour, vision):
    """CIE L*a*b* (D65) of a hex colour as seen with `vision`."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    linear = np.clip(np.array(COLOUR_VISION[vision]) @ linear, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
        / [0.9505, 1, 1.089]
    )
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("vision", COLOUR_VISION)
@pytest.mark.parametrize(
    "organs", [organ_set("flare22"), organ_set("amos")], ids=lambda organs: organs.dataset
)
def test_organ_colours_differ_with_any_colour_vision(organs, vision):
    """At least 5 in CIE76, twice what is just noticeable side by side."""
    colours = {organ.name: lab(organ.colour, vision) for organ in organs.by_label.values()}
    distances = {
        pair: np.linalg.norm(colours[pair[0]] - colours[pair[1]])
        for pair in combinations(colours, 2)
    }
    closest = min(distances, key=distances.get)
    assert distances[closest] > 5, (closest, distances[closest])


def test_ranks_by_hand():
    dice, cases = {"Sto": 50.0, "Liv": 90.0, "Gal": 60.0}, {"Sto": 8, "Liv": 8, "Gal": 7}
    scores = pd.DataFrame({"dice": dice, "sd_dice": float("nan"), "n_test_cases": cases})
    table = rank_table(pd.Series({"Liv": 1500.0, "Sto": 300.0, "Gal": 30.0}), scores, "here")
    assert table.set_index("organ")["n_test_cases"].to_dict() == cases
    figure, axes = print_figure(SINGLE, 2)
    draw_ranks(axes, table, organ_set("flare22"), "a single seed has no spread")
    assert [text.get_text() for text in axes.texts] == ["Liv", "Sto", "Gal"]
    assert table.set_index("organ")["size_rank"].to_dict() == {"Liv": 1, "Sto": 2, "Gal": 3}
    assert table.set_index("organ")["dice_rank"].to_dict() == {"Liv": 1, "Sto": 3, "Gal": 2}


def test_pairs_show_their_spread_and_name_what_is_not_run():
    missing = float("nan")
    table = pd.DataFrame(
        {"method": ["a", "b"], "mean_dice": [50, missing], "mean_jaccard": [40, missing]}
    )
    table = table.assign(sd_dice=[2, missing], sd_jaccard=[3, missing])
    figure, grid = print_figure(DOUBLE, 2, 1, 3)
    for axes, part in zip(
        grid, (table, table[1:], table[["method", "mean_dice", "mean_jaccard"]]), strict=True
    ):
        draw_pairs(axes, part, "pairs")
    assert [text.get_text() for text in grid[0].texts] == ["50.0", "not run", "40.0", "not run"]
    spread = [
        container for container in grid[0].containers if isinstance(container, ErrorbarContainer)
    ]
    assert np.ptp(spread[0].lines[2][0].get_segments()[0][:, 1]) == 4


def test_rank_correlation_and_its_interval():
    x = pd.Series(np.arange(12.0))
    rho, low, high = rank_correlation(x, -(x**3))
    assert rho == pytest.approx(-1) and low == pytest.approx(-1) and high == pytest.approx(-1)
    noise = np.random.default_rng(0).normal(size=12)
    rho, low, high = rank_correlation(x, pd.Series(noise))
    assert rho == pytest.approx(pd.Series(noise).corr(x, method="spearman"))
    assert -1 <= low < rho < high <= 1
    assert np.isnan(rank_correlation(x[:3], x[:3])).all()


def small_workspace(tmp_path):
    settings = DataConfig(
        "flare22",
        1,
        0,
        0,
        prepare=PrepareConfig(spacing_mm=(17.0, 22.0, 24.0)),
        phantom=PhantomConfig(1, 2, 9.0),
    )
    return Workspace(
        Profile("small", {"flare22": settings}, 1),
        tmp_path / "data",
        tmp_path,
        tmp_path / "figures",
    )


def test_hidden_truth_is_the_phantom_on_the_prepared_grid(tmp_path):
    workspace = small_workspace(tmp_path)
    raw, folder = workspace.raw_folder("flare22"), workspace.store_folder("flare22")
    write_phantoms(raw, "flare22", cases=2, labelled=1, voxel_mm=9.0)
    prepare(raw, folder, "flare22", workspace.data("flare22").prepare)
    store = CaseStore(folder)
    truth = hidden_label(workspace, "flare22", "Case_00001")
    assert (
        truth.shape == store.image("Case_00001").shape
        and not (folder / "cases" / "Case_00001" / "label.npy").exists()
    )
    scan = make_case("flare22", "Case_00001", shifted=True, voxel_mm=9.0)
    liver = organ_set("flare22").label_of("liver")
    millilitres = (scan.label == liver).sum() * abs(np.linalg.det(scan.affine[:3, :3])) / 1000
    assert (truth == liver).sum() * np.prod(store.spacing("Case_00001")) / 1000 == pytest.approx(
        millilitres, rel=0.2
    )


def test_training_does_not_import_the_hidden_truth():
    code = "import sys, guidednet.training.loop, guidednet.runs.store, guidednet.runs.side_by_side, guidednet.study.test_selection\n"
    code += "print([name for name in sys.modules if 'hidden' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def scene_of(**labels):
    shape = (4, 10, 12)
    maps = {name: np.zeros(shape, np.uint8) for name in ("reference", "GuidedNet", "CPS", "DHC")}
    maps["reference"][2, 3:7, 3:9] = 1
    maps["GuidedNet"] = maps["reference"].copy()
    maps |= labels
    image = np.linspace(0, 1, 480).reshape(shape).astype(np.float32)
    return Scene(
        "case",
        image,
        maps,
        np.diag([1, 1, 3, 1.0]),
        organ_set("flare22"),
        SCALED_WINDOWS,
        "scaled",
        "reference",
    )


def test_a_box_lies_where_the_others_err_and_guidednet_does_not():
    scene = scene_of()
    box = place_box(advantage(scene, "others err"), "others err", "transverse")
    assert box.index == 2 and (box.crop(scene.labels["reference"]) == 1).all()
    table = box_table(scene, [box]).set_index("method")["wrong"]
    assert (
        table["GuidedNet"] == 0
        and table["CPS"] == table["DHC"] == box.crop(scene.labels["reference"]).size
    )


def test_the_counter_example_lies_where_guidednet_errs():
    wrong = np.zeros((4, 10, 12), np.uint8)
    wrong[2, 3:7, 3:9], wrong[1, 0:3, 0:4] = 1, 5
    right = np.zeros_like(wrong)
    right[2, 3:7, 3:9] = 1
    scene = scene_of(GuidedNet=wrong, CPS=right)
    boxes = boxes_of(scene, ("transverse", "transverse"))
    assert (
        boxes[0].index != boxes[1].index
        and boxes[-1].kind == "GuidedNet errs"
        and boxes[-1].index == 1
    )
    table = box_table(scene, boxes[-1:]).set_index("method")["wrong"]
    assert table["GuidedNet"] > 0 and table["CPS"] == 0


def test_a_box_never_leaves_the_slice_and_the_figure_has_a_panel_for_each():
    scene = scene_of()
    boxes = boxes_of(scene, ("transverse", "coronal", "sagittal"))
    for box in boxes:
        assert isinstance(box, Box) and box.crop(scene.image).shape == (
            box.rows[1] - box.rows[0],
            box.columns[1] - box.columns[0],
        )
    figure = draw_comparison(scene, boxes)
    assert (
        len(figure.axes) == (len(boxes) + 1) * len(scene.labels) and figure.get_figwidth() == DOUBLE
    )


def test_diagrams_are_drawn_from_their_tables():
    for diagram in (PSEUDO_LABELS, GUIDED, TRAINING):
        names = {name for name, *_ in diagram[0]}
        assert {end for arrow in diagram[1] for end in arrow[:2]} <= names and len(
            edges(diagram)
        ) == len(diagram[1])
    assert (
        not edges(TRAINING)
        .set_index(["from", "to"])
        .loc[("probabilities p of A", "class weights w (true positives)"), "gradient"]
    )
    assert len(figure3().axes[0].patches) == len(TRAINING[1]) and len(
        figure1a().axes[0].patches
    ) == len(PSEUDO_LABELS[1])


def test_surface_of_a_box_has_its_volume_and_place():
    label = np.zeros((20, 30, 40), np.uint8)
    label[5:15, 10:20, 8:32] = organ_set("flare22").label_of("liver")
    vertices, faces = organ_surfaces(label, (3.0, 2.0, 1.0), organ_set("flare22"))["liver"]
    corners = vertices[faces]
    volume = (
        abs(np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()) / 6
    )
    assert volume == pytest.approx(30 * 20 * 24, rel=0.05)
    np.testing.assert_allclose(vertices.min(0), [7.5, 19, 13.5], atol=0.6)
    assert list(organ_surfaces(label, (3.0, 2.0, 1.0), organ_set("flare22"))) == ["liver"]


def test_organ_volumes_are_means_over_the_labelled_cases_that_have_them():
    voxels = pd.DataFrame(
        {organ.name: [2000, 0, 9] for organ in organ_set("flare22").by_label.values()},
        index=["a", "b", "c"],
    )
    store = SimpleNamespace(table=voxels, spacing=lambda case: (5.0, 2.0, 1.0))
    volumes = organ_volumes(store, Split(("a", "b"), (), (), ()), organ_set("flare22"))
    assert list(volumes.index) == organ_set("flare22").columns and (volumes == 20).all()
    figure, axes = plt.subplots()
    scores = pd.DataFrame(
        {
            "dice": volumes.mask(volumes.index == "Gal"),
            "sd_dice": 1.0,
            "n_seeds": 1,
            "n_test_cases": 2,
        }
    )
    draw_ranks(axes, rank_table(volumes, scores, "here"), organ_set("flare22"), "ranks")
    assert len(axes.texts) == 12  # the gallbladder has no Dice


def test_runs_that_are_missing_or_lack_the_column_have_no_curve():
    curves = pd.DataFrame({"step": [1, 2], "ktcps_weight_1": [0.1, 0.2]})
    runs = {
        "here": SimpleNamespace(curves=lambda: curves),
        "not there": None,
        "CPS": SimpleNamespace(curves=lambda: curves[["step"]]),
    }
    figure, axes = plt.subplots()
    draw_curves(axes, runs, "ktcps_weight_1", "weights")
    assert [line.get_label() for line in axes.lines] == ["here"]


def test_bars_are_the_numbers_of_the_table():
    rows = {
        "method": ["CPS", "GuidedNet"],
        "n_labeled": 1,
        "n_unlabeled": 9,
        "mean_dice": [50.0, 60.0],
        "sd_dice": [1.0, np.nan],
    }
    table = pd.DataFrame(
        rows
        | {"mean_jaccard": [40.0, np.nan]}
        | dict.fromkeys(organ_set("flare22").columns, [50.0, 62.5])
    )
    figure, (means, gains, pairs) = plt.subplots(1, 3)
    draw_means(means, table, "means")
    draw_organ_gains(gains, table, organ_set("flare22"), "gains")
    draw_pairs(pairs, table, "pairs")
    assert [bar.get_width() for bar in means.patches] == [50, 60]
    assert [bar.get_width() for bar in gains.patches] == [12.5] * 13
    assert [text.get_text() for text in pairs.texts] == ["50.0", "60.0", "40.0", "not run"]


def test_benchmarks_are_drawn_as_they_were_measured():
    tables = benchmark_tables(open_workspace("smoke"))
    found, others = comparisons(tables), other_findings(tables)
    figure, (bars, growth) = plt.subplots(1, 2)
    draw_comparisons(bars, found)
    assert [bar.get_width() for bar in bars.patches] == found["ratio"].tolist() and len(found) > 5
    part = tables["growth"][tables["growth"]["grows"] == tables["growth"]["grows"].iloc[0]]
    draw_growth(growth, part)
    assert growth.lines[0].get_ydata()[0] == growth.lines[1].get_ydata()[0] == 1
    assert "difference" in others and len(others) and not set(others["what"]) & set(found["what"])
    assert other_findings({}).empty


def test_slices_and_their_slider_cover_the_volume():
    scene = scene_of()
    figure = montage(
        scene.image, (3, 1, 1), scene.labels["reference"], organ_set("flare22"), count=3
    )
    assert [axes.get_title() for axes in figure.axes] == [
        "transverse 0",
        "transverse 2",
        "transverse 3",
    ] and len(figure.legends) == 1
    slider, picture = slice_slider(
        scene.image, (3, 1, 1), scene.labels["reference"], organ_set("flare22"), "coronal"
    ).children
    assert (slider.min, slider.max, slider.value) == (0, 9, 5)
    slider.value = 9
    with pytest.raises(
        InputError, match="unknown plane 'oblique': use one of transverse, coronal, sagittal"
    ):
        cut(scene.image, "oblique", 0)


def test_the_readmes_picture_has_three_planes_of_three_cases_with_and_without_labels():
    figure = showcase(voxel_mm=9.0)
    assert [len(axes.images) for axes in figure.axes] == [1, 2] * 9
    assert [axes.get_title(loc="left").split(",")[0] for axes in figure.axes[::6]] == [
        "labelled case",
        "labelled case",
        "unlabelled case",
    ]

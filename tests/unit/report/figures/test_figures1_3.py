"""The diagrams of Figures 1(a), 1(c) and 3 are drawn from their tables, with nothing hidden."""

import itertools

import pytest

from guidednet.report.figures.figures1_3 import (
    GUIDED,
    PSEUDO_LABELS,
    TRAINING,
    edges,
    figure1a,
    figure1c,
    figure3,
)

DIAGRAMS = [(figure1a, PSEUDO_LABELS), (figure1c, GUIDED), (figure3, TRAINING)]


@pytest.mark.parametrize(("draw", "diagram"), DIAGRAMS)
def test_a_diagram_is_drawn_from_its_table(draw, diagram):
    names = {box.name for box in diagram.boxes}
    assert {end for arrow in diagram.arrows for end in arrow[:2]} <= names
    assert len(draw().axes[0].patches) == len(edges(diagram)) == len(diagram.arrows)


@pytest.mark.parametrize(("draw", "diagram"), DIAGRAMS)
def test_no_box_lies_over_another_or_leaves_the_sheet(draw, diagram):
    figure = draw()
    texts = figure.axes[0].texts[: len(diagram.boxes)]
    boxes = [text.get_bbox_patch().get_window_extent() for text in texts]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    for box in boxes:
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1


@pytest.mark.parametrize(("draw", "diagram"), DIAGRAMS)
def test_no_text_hides_the_head_of_an_arrow(draw, diagram):
    figure = draw()
    axes = figure.axes[0]
    said = {arrow.text for arrow in diagram.arrows} - {""}
    texts = [text.get_window_extent() for text in axes.texts if text.get_text() in said]
    heads = [axes.transData.transform(line.get_path().vertices[-3:]) for line in axes.patches]
    assert not any(text.contains(*place) for text in texts for head in heads for place in head)
    boxes = [text.zorder for text in axes.texts if text.get_text() not in said]
    assert min(line.zorder for line in axes.patches) > max(boxes), "no box hides a head"


def test_the_contribution_is_in_figure_3():
    found = edges(TRAINING).set_index(["from", "to"])["gradient"]
    for network in "AB":
        guided = "posteriors G, G' (5-7)", "rectification: p follows G' (13)"
        copied = f"pseudo-label ŷ of {network} (15)", "KT-CPS: A learns ŷ of B, B of A (19)"
        weighed = f"probabilities p of {network}", "class weights w (16-18)"
        assert not found.loc[guided].any() and not found.loc[copied] and not found.loc[weighed]
        taught = f"probabilities p of {network}", "rectification: p follows G' (13)"
        assert found.loc[taught], "the rectification teaches the network"

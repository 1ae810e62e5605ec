"""The diagrams of Figures 1(a) and 3 are drawn from their tables."""

from guidednet.report.figures.figures1_3 import (
    GUIDED,
    PSEUDO_LABELS,
    TRAINING,
    edges,
    figure1a,
    figure3,
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

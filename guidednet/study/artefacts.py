"""What a reproduction makes: tables and figures, with their notebooks, runs and files."""

from collections.abc import Callable
from dataclasses import dataclass

from guidednet.errors import one_of
from guidednet.runs.profile import Profile
from guidednet.study.ablations import figure6, guidednet_rows, readings, selection, table4
from guidednet.study.real_ct import study_rows
from guidednet.study.rows import (
    SHOWN_METHODS,
    Row,
    comparison_rows,
    supervised_baseline,
    table1,
    table2,
    table3,
)

Rows = Callable[[Profile, int], list[Row]]


@dataclass(frozen=True)
class Artefact:
    """A unit of work of `reproduce.sh`: a notebook, its runs, its files in the figure folder.

    `needs_all`: the notebook walks through its runs and cannot leave one out, whereas tables and
    figures show a missing run as not run. `reads`: the folder of figures whose CSV files the
    notebook shows. `dataset`: a data set that a profile must have for it; empty if any will do.
    """

    notebook: str
    rows: Rows | None = None
    files: tuple[str, ...] = ()
    needs_all: bool = False
    reads: str | None = None
    dataset: str = "flare22"


def table_files(name: str) -> tuple[str, ...]:
    """The files of a table."""
    return tuple(f"{name}.{ending}" for ending in ("csv", "md", "tex"))


def figure_files(name: str) -> tuple[str, ...]:
    """The files of a figure."""
    return tuple(f"{name}.{ending}" for ending in ("csv", "png", "pdf"))


DIAGRAMS = tuple(
    file for name in ("figure1a", "figure1c", "figure3") for file in figure_files(name)
)
# Figures that the notebook of another figure makes.
MADE_WITH = {
    "figure5": "figure4",
    "figure1a": "figure4",
    "figure1c": "figure4",
    "figure3": "figure4",
}


def qualitative_rows(profile: Profile, seeds: int) -> list[Row]:
    """The methods that Figures 4 and 5 show, with 10 % of the cases labelled."""
    tables = ((table1, "flare22"), (table2, "amos"))
    return [
        row
        for builder, dataset in tables
        for row in comparison_rows(
            builder(profile, seeds), SHOWN_METHODS, profile.data[dataset].ratios[1][1]
        )
    ]


def teacher_rows(profile: Profile, seeds: int) -> list[Row]:
    """GuidedNet, and its run that keeps weights at regular steps."""
    return guidednet_rows(profile, seeds) + selection(profile, seeds)[-1:]


def viewer_rows(profile: Profile, seeds: int) -> list[Row]:
    """The two methods that the viewer shows."""
    return supervised_baseline(profile, 1) + guidednet_rows(profile, 1)


ARTEFACTS = {
    "start": Artefact("00_start_here", supervised_baseline, needs_all=True),
    "data": Artefact("01_data_and_preprocessing"),
    "cgmm": Artefact(
        "02_cgmm_step_by_step",
        teacher_rows,
        figure_files("teacher"),
        needs_all=True,
        reads="readings",
    ),
    "ktcps": Artefact("03_kt_cps_step_by_step", table3, needs_all=True, reads="readings"),
    "methods": Artefact("04_methods_on_one_batch", supervised_baseline, needs_all=True),
    "own": Artefact("05_add_your_own_method", supervised_baseline),
    "table1": Artefact("10_table1_flare22", table1, table_files("table1")),
    "table2": Artefact("11_table2_amos", table2, table_files("table2")),
    "table3": Artefact("12_table3_components", table3, table_files("table3")),
    "table4": Artefact("13_table4_cgmm_losses", table4, table_files("table4")),
    "study": Artefact("14_study_on_real_ct", study_rows, reads="study", dataset=""),
    "figure1b": Artefact("20_figure1b_size_and_dice", guidednet_rows, figure_files("figure1b")),
    "figure2": Artefact("21_figure2_feature_distance", guidednet_rows, figure_files("figure2")),
    "figure4": Artefact(
        "22_figures4_5_qualitative",
        qualitative_rows,
        (*figure_files("figure4"), *figure_files("figure5"), *DIAGRAMS),
    ),
    "figure6": Artefact("23_figure6_hyperparameters", figure6, figure_files("figure6")),
    "readings": Artefact(
        "24_two_readings",
        lambda profile, seeds: readings(profile, seeds) + selection(profile, seeds),
        table_files("readings"),
        reads="readings",
    ),
    "numbers": Artefact("25_the_papers_own_numbers", dataset=""),
    "curves": Artefact("26_training_curves", table3),
    "viewer": Artefact("30_slice_viewer", viewer_rows),
    "benchmarks": Artefact("40_benchmarks", table3, reads="benchmarks"),
}


def artefacts(only: str | None, profile: Profile) -> dict[str, Artefact]:
    """The artefacts named in `only` (comma-separated), or without it all that `profile` can make.

    Raises InputError for an unknown name, and for one that needs data that the profile lacks.
    """
    fitting = {
        name: item
        for name, item in ARTEFACTS.items()
        if not item.dataset or item.dataset in profile.data
    }
    if not only:
        return fitting
    names = [MADE_WITH.get(name.strip(), name.strip()) for name in only.split(",")]
    for name in names:
        needed = one_of("artefact", name, ARTEFACTS).dataset
        if name not in fitting:
            profile.data[needed]  # says which profiles have it
    return {name: item for name, item in fitting.items() if name in names}

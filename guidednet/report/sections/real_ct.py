"""The study on real CT: the shipped table of figures/study, else the runs of figures/readings."""

import functools
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from guidednet.data.datasets import organ_set
from guidednet.report.figures.candidates import FOLDER, candidate_tables
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.forest import Line, forest
from guidednet.report.sections.markup import (
    Section,
    fold,
    link,
    plain_table,
    text,
    with_interval,
)
from guidednet.report.tables.captions import counted
from guidednet.report.tables.differences import differences
from guidednet.report.tables.table import NOT_RUN
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns
from guidednet.runs.workspace import REPOSITORY
from guidednet.study.candidates import HEADLINE
from guidednet.study.real_ct import DATASET, shipped_rows
from guidednet.study.real_ct import FOLDER as STUDY

TABLE, RUNS = "table.csv", "runs"
FILES = ("table.csv", "comparison.pdf", "comparison.png", "organs.pdf", "organs.png")
NOTEBOOK = "14_study_on_real_ct"
BASELINE, OURS, PRINTED = "Sup only", "GuidedNet", "GuidedNet, as printed"
DIFFERENCE = ["to_supervised", "to_supervised_low", "to_supervised_high"]
# The columns of the study's table that the page shows; the file has more.
SHOWN = ["method", "n_labeled", "n_unlabeled", "n_seeds", "mean_dice", "ci_low", "ci_high"]
SHOWN += ["last_mean_dice", *DIFFERENCE, "published", "device", "commit", "runs"]
# What `figures/readings` calls the rows worth showing here, and what a reader calls them.
READINGS = {"CPS": "CPS", "as printed": PRINTED, "as released": "GuidedNet, as released"}
READINGS |= {HEADLINE: OURS}


def real_ct_section(contents: Contents) -> Section:
    """The differences to "Sup only" on real CT, their table and where the numbers lie."""
    study = _study(contents)
    groups = _study_groups(study, contents) if study is not None else _reading_groups(contents)
    here = "mean over seeds" if study is not None else "one line per training"
    body = [
        f"<p>{text(setup())} {text(summary(contents))}</p>",
        forest(groups, BASELINE, f"{here}, 95 % interval") if groups else f"<p>{NOT_RUN}</p>",
        f"<p>{text(_missing(study) if study is not None else _lost(contents))}</p>",
        fold("The numbers as a table", _table(study, contents)),
        _downloads(study, contents),
    ]
    return Section("real-ct", "The study on real CT", "\n".join(body))


def setup() -> str:
    """Which cases the study has, from its profile."""
    study = profile(STUDY)
    settings, organs = study.data[DATASET], organ_set(DATASET)
    labelled, unlabelled = settings.at(study.percent / 100)
    cases = settings.training + settings.validation + settings.test
    return (
        f"{cases} abdominal CT of patients with {len(organs.columns)} organs outlined by hand "
        f"({DATASET.upper()}): {labelled} to learn from with their outlines, {unlabelled} without, "
        f"{settings.validation} to choose the step and {settings.test} to test. Small networks, "
        "trained from scratch."
    )


def summary(contents: Contents) -> str:
    """What the study says about GuidedNet and its printed equations, in two sentences."""
    study = _study(contents)
    groups = _study_groups(study, contents) if study is not None else _reading_groups(contents)
    lines = next(iter(groups.values()), [])
    ours = [line for line in lines if line.ours]
    printed = [line for line in lines if line.name.startswith(PRINTED)]
    if not ours:
        return f"{OURS} has no finished run on real CT yet."
    sure = all(line.low > 0 or line.high < 0 for line in ours)
    said = "" if sure else "; an interval contains 0, so the two cannot be told apart"
    more = f" As printed, it differs by {_values(printed)}." if printed else ""
    return (
        f"{OURS} differs from training on the labelled scans alone by "
        f"{_values(ours)} points of Dice{said}.{more}"
    )


def _values(lines: Sequence[Line]) -> str:
    """Differences with their intervals, one per line of the study."""
    return " and ".join(with_interval(line.value, line.low, line.high) for line in lines)


def _folder(contents: Contents, name: str) -> Path:
    """A folder of figures: this workspace's if it is there, else the project's."""
    own = contents.workspace.figures / name
    return own if own.is_dir() else REPOSITORY / "figures" / name


def _study(contents: Contents) -> pd.DataFrame | None:
    """The study's table; None if there is none."""
    path = _folder(contents, STUDY) / TABLE
    return pd.read_csv(path) if path.is_file() else None


def _study_groups(table: pd.DataFrame, contents: Contents) -> dict[str, list[Line]]:
    """A line per row that has runs, in groups of one number of labelled cases."""
    made = table[(table["n_seeds"] > 0) & (table["method"] != BASELINE)]
    most, dots = table["n_seeds"].max(), _study_cases(contents)
    groups: dict[str, list[Line]] = {}
    for _, line in made.iterrows():
        few = f" ({counted([line['n_seeds']], 'seed')})" if line["n_seeds"] < most else ""
        name, ours = str(line["method"]), line["method"] == OURS
        cases = dots.get((name, line["n_labeled"]), ())
        group = groups.setdefault(f"{line['n_labeled']:.0f} labelled", [])
        group.append(Line(name + few, *line[DIFFERENCE], dots=cases, ours=ours))
    return groups


@functools.lru_cache(maxsize=1)
def _study_cases(contents: Contents) -> dict[tuple[str, int], tuple[float, ...]]:
    """The difference of each test case by row and number of labelled cases, from shipped runs."""
    runs = RecordedRuns(_folder(contents, STUDY) / RUNS)
    found = differences(shipped_rows(), runs.get)
    return {(one.row.label, one.ratio[0]): tuple(one.by_case) for one in found}


def _missing(table: pd.DataFrame) -> str:
    """Which rows have no run yet."""
    names = table.loc[table["n_seeds"] == 0, "method"]
    return f"Not run yet: {'; '.join(names)}." if len(names) else ""


def _table(study: pd.DataFrame | None, contents: Contents) -> str:
    if study is None:
        return plain_table(_readings(contents))
    shown = study.loc[study["n_seeds"] > 0, [name for name in SHOWN if name in study]]
    folders = {
        path.name.rsplit("-", 1)[-1]: contents.address(path)
        for path in (_folder(contents, STUDY) / RUNS).glob("*")
    }
    return plain_table(shown, {"runs": lambda keys: _run_links(str(keys), folders)})


def _run_links(keys: str, folders: dict[str, str]) -> str:
    """The keys of runs, separated by spaces, each with a link to its folder if it is there."""
    return " ".join(
        link(f"{folders[key]}/", key) if key in folders else text(key) for key in keys.split()
    )


def _downloads(study: pd.DataFrame | None, contents: Contents) -> str:
    folder, names = _folder(contents, STUDY), FILES
    if study is None:
        folder, names = _folder(contents, FOLDER), ("runs.csv", "curves.csv")
    links = [link(contents.address(folder / n), n) for n in names if (folder / n).is_file()]
    notebook = NOTEBOOK if study is not None else "24_two_readings"
    links.append(contents.notebook_link(notebook, "notebook"))
    return f'<p class="downloads">{" ".join(links)}</p>'


def _readings(contents: Contents) -> pd.DataFrame:
    """The runs on real CT among the readings, the baseline first."""
    runs = candidate_tables(contents.workspace)["runs"]
    shown = runs[(runs["dataset"] == DATASET) & runs["reading"].isin([BASELINE, *READINGS])]
    order = {name: place for place, name in enumerate([BASELINE, *READINGS])}
    return shown.sort_values("reading", key=lambda names: names.map(order), kind="stable")


def _reading_groups(contents: Contents) -> dict[str, list[Line]]:
    table = _readings(contents)
    lines = [
        Line(
            f"{READINGS[line.reading]}, seed {line.seed}",
            line.to_supervised,
            line.low,
            line.high,
            ours=line.reading == HEADLINE,
        )
        for line in table[table["reading"] != BASELINE].itertuples()
    ]
    return {"step that is best on validation cases": lines} if lines else {}


def _lost(contents: Contents) -> str:
    """What each reading loses from the step that is best on validation cases to the last."""
    means = _readings(contents).groupby("reading", sort=False)[["test", "last_test"]].mean()
    lost = (means["test"] - means["last_test"]).rename(READINGS)
    parts = [f"{name} {points:.1f}" for name, points in lost.items()]
    return f"Points of test Dice lost from that step to the last: {', '.join(parts)}."

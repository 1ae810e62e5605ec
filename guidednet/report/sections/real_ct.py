"""The study on real CT: shipped numbers of figures/study, else those of figures/readings."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from guidednet.data.datasets import organ_set
from guidednet.report.figures.candidates import FOLDER, candidate_tables
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.forest import Line, forest
from guidednet.report.sections.markup import Section, fold, link, plain_table, text, with_interval
from guidednet.report.tables.table import NOT_RUN
from guidednet.runs.profiles import profile
from guidednet.runs.workspace import REPOSITORY
from guidednet.study.candidates import HEADLINE

STUDY, TABLE = "study", "table.csv"
DATASET = "btcv"
BASELINE, PRINTED = "Sup only", "GuidedNet, as printed"
NAN = float("nan")
# What `figures/readings` calls the rows worth showing here, and what a reader calls them.
READINGS = {
    "CPS": "CPS",
    "as printed": PRINTED,
    "as released": "GuidedNet, as released",
    HEADLINE: "GuidedNet",
}
NAMES = {"difference": ("difference", "to_supervised"), "low": ("difference_low", "low")}
NAMES |= {"high": ("difference_high", "high")}


def real_ct_section(contents: Contents) -> Section:
    """The differences to "Sup only" on real CT, their table and where the numbers lie."""
    path = study_file(contents)
    lines = _lines(contents)
    here = "mean over seeds" if path else "one line per training"
    here += ", 95 % interval over test cases"
    source = path or _folder(contents, FOLDER) / "runs.csv"
    body = [
        f"<p>{text(setup())} {text(summary(contents))}</p>",
        forest({"step that is best on validation cases": lines}, BASELINE, here)
        if lines
        else f"<p>{NOT_RUN}</p>",
        "" if path else f"<p>{text(_stopped(contents))}</p>",
        fold("The numbers as a table", plain_table(_table(contents))),
        f'<p class="downloads">{link(contents.address(source), "CSV")} '
        f"{contents.notebook_link('24_two_readings', 'notebook')}</p>",
    ]
    return Section("real-ct", "The study on real CT", "\n".join(filter(None, body)))


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


def study_file(contents: Contents) -> Path | None:
    """The table of the study: this workspace's, else the project's; None if there is none."""
    path = _folder(contents, STUDY) / TABLE
    return path if path.is_file() else None


def summary(contents: Contents) -> str:
    """What the study says about GuidedNet and its printed equations, in two sentences."""
    lines = [line for line in _lines(contents) if not pd.isna(line.value)]
    ours = [line for line in lines if line.ours]
    printed = [line for line in lines if line.name.startswith(PRINTED)]
    if not ours:
        return "GuidedNet has no finished run on real CT yet."
    sure = all(line.low > 0 or line.high < 0 for line in ours)
    said = "" if sure else "; an interval contains 0, so the two cannot be told apart"
    more = f" As printed, it differs by {_values(printed)}." if printed else ""
    return (
        "GuidedNet differs from training on the labelled scans alone by "
        f"{_values(ours)} points of Dice{said}.{more}"
    )


def _values(lines: Sequence[Line]) -> str:
    """Differences with their intervals, one per line of the study."""
    return " and ".join(with_interval(line.value, line.low, line.high) for line in lines)


def _lines(contents: Contents) -> list[Line]:
    path = study_file(contents)
    return _study_lines(pd.read_csv(path)) if path else _reading_lines(contents)


def _folder(contents: Contents, name: str) -> Path:
    """A folder of figures: this workspace's if it is there, else the project's."""
    own = contents.workspace.figures / name
    return own if own.is_dir() else REPOSITORY / "figures" / name


def _study_lines(table: pd.DataFrame) -> list[Line]:
    """A line per method of the study; a table without differences has none."""
    columns = {
        name: next((column for column in known if column in table), None)
        for name, known in NAMES.items()
    }
    if columns["difference"] is None:
        return []
    shown = table[table["method"] != BASELINE]
    return [
        Line(
            str(line["method"]),
            *(line[column] if column else NAN for column in columns.values()),
            ours=line["method"] == "GuidedNet",
        )
        for _, line in shown.iterrows()
    ]


def _readings(contents: Contents) -> pd.DataFrame:
    runs = candidate_tables(contents.workspace)["runs"]
    shown = runs[(runs["dataset"] == DATASET) & runs["reading"].isin([BASELINE, *READINGS])]
    order = {name: place for place, name in enumerate([BASELINE, *READINGS])}
    return shown.sort_values("reading", key=lambda names: names.map(order), kind="stable")


def _reading_lines(contents: Contents) -> list[Line]:
    table = _readings(contents)
    return [
        Line(
            f"{READINGS[line.reading]}, seed {line.seed}",
            line.to_supervised,
            line.low,
            line.high,
            ours=line.reading == HEADLINE,
        )
        for line in table[table["reading"] != BASELINE].itertuples()
    ]


def _stopped(contents: Contents) -> str:
    """What the printed equations lose between their best step and the end of the training."""
    means = _readings(contents).groupby("reading")[["test", "last_test"]].mean()
    lost = (means["test"] - means["last_test"]).round(1)
    return (
        "These are the scores of the step that is best on validation cases. By the end of the "
        f"training, GuidedNet as printed has lost {lost['as printed']:.1f} points of test Dice, as "
        f"released {lost['as released']:.1f}, and in the reading used here {lost[HEADLINE]:.1f}."
    )


def _table(contents: Contents) -> pd.DataFrame:
    path = study_file(contents)
    if path:
        return pd.read_csv(path)
    table = _readings(contents)
    return pd.DataFrame(
        {
            "method": table["reading"].replace(READINGS),
            "seed": table["seed"],
            "test Dice, %": table["test"],
            "at the last step, %": table["last_test"],
            "difference": table["to_supervised"],
            "95 % from": table["low"],
            "95 % to": table["high"],
            "device": table["device"],
            "run": table["run"],
        }
    )

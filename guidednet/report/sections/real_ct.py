"""The study on real CT: the shipped table and runs of figures/study."""

import functools
from pathlib import Path

import pandas as pd

from guidednet.data.datasets import organ_set
from guidednet.evaluation.statistics import rank_correlation
from guidednet.report.figures.real_ct import beside_phantoms
from guidednet.report.sections import second_device
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.forest import Line, forest
from guidednet.report.sections.made_again import made_again
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
from guidednet.report.tables.second_device import GAIN
from guidednet.runs.environment import REPOSITORY
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns
from guidednet.study.real_ct import BY_COUNT, DATASET, FOLDER, SECOND_DEVICE, every_row, runs_in

TABLE = "table.csv"
TABLES = (TABLE, f"{BY_COUNT}.csv", f"{SECOND_DEVICE}.csv", "choice.csv")
PICTURES = [
    f"{name}.{kind}" for name in ("comparison", "organs", SECOND_DEVICE) for kind in ("pdf", "png")
]
NOTEBOOK = "14_study_on_real_ct"
BASELINE, OURS, PRINTED = "Sup only", "GuidedNet", "GuidedNet, as printed"
DIFFERENCE = list(GAIN)
# The columns of the study's table that the page shows; the file has more.
SHOWN = ["method", "n_labeled", "n_unlabeled", "n_seeds", "mean_dice", "ci_low", "ci_high"]
SHOWN += ["last_mean_dice", *DIFFERENCE, "published", "device", "commit", "runs"]


def real_ct_section(contents: Contents) -> Section:
    """The differences to "Sup only" on real CT, their table and where the numbers lie."""
    study, again = _study(contents), second_device.second_device(_figures(contents))
    body = [
        f"<p>{text(setup())} {text(summary(contents))}</p>",
        forest(_groups(_with_counts(study, contents), contents), BASELINE, second_device.MEAN),
        f"<p>{text(_missing(study))}{text(of_phantoms(study))}</p>",
        f"<p>{text(second_device.of_all(again))}</p>",
        second_device.plot(again),
        f"<p>{text(made_again(_figures(contents)))}</p>",
        fold("The numbers as a table", _table(study, contents)),
        _downloads(contents),
    ]
    return Section("real-ct", "The study on real CT", "\n".join(body))


def setup() -> str:
    """Which cases the study has, from its profile."""
    study = profile(FOLDER)
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
    """What the study says about GuidedNet, its printed equations and the other methods.

    The differences are those over both devices where there are two.
    """
    study = _study(contents)
    both = second_device.over_both(second_device.second_device(_figures(contents)))
    gains = (study if both.empty else both).dropna(subset=DIFFERENCE)
    ours = gains[gains["method"] == OURS]
    if ours.empty:
        return f"{OURS} has no finished run on real CT yet."
    printed = gains[gains["method"] == PRINTED]
    more = f" As printed, it differs by {_value(printed)}." if len(printed) else ""
    alone = study[study["method"] == OURS]
    where = "" if both.empty else f" over two devices, and by {_value(alone)} on the CPU alone"
    return (
        f"{OURS} differs from training on the labelled scans alone by {_value(ours)} points of Dice"
        f"{where}{_unsure(ours)}.{more}{_of_the_others(gains)}{_of_one_seed(study)}"
    )


def _unsure(ours: pd.DataFrame) -> str:
    """What an interval that contains 0 means; empty for others."""
    _, low, high = ours[DIFFERENCE].iloc[0]
    return "; the interval contains 0, so the two cannot be told apart" if low <= 0 <= high else ""


def _value(line: pd.DataFrame) -> str:
    """The difference of the one line of a table with its interval."""
    return with_interval(*line[DIFFERENCE].iloc[0])


def _of_the_others(gains: pd.DataFrame) -> str:
    """How many other methods differ from training on the labelled scans alone beyond noise."""
    learns = gains["n_unlabeled"] > 0
    others = gains[learns & ~gains["method"].str.startswith(OURS)]
    if others.empty:
        return ""
    _, low, high = (others[column] for column in DIFFERENCE)
    above, below = ((low > 0).sum() or "none"), ((high < 0).sum() or "none")
    return (
        f" Of the other methods that learn from unlabelled scans ({len(others)} trained), {above} "
        f"did better than {BASELINE} beyond noise and {below} worse."
    )


def _of_one_seed(study: pd.DataFrame) -> str:
    """What an interval lacks if GuidedNet was trained once."""
    if study.loc[study["method"] == OURS, "n_seeds"].max() > 1:
        return ""
    return (
        f" {OURS} was trained once: the intervals hold for other patients, not for other trainings."
    )


def _figures(contents: Contents) -> Path:
    """The folder of figures with a study: this workspace's, else the project's."""
    own = contents.workspace.figures
    return own if (own / FOLDER / TABLE).is_file() else REPOSITORY / "figures"


@functools.lru_cache(maxsize=1)
def _study(contents: Contents) -> pd.DataFrame:
    return pd.read_csv(_figures(contents) / FOLDER / TABLE)


def _groups(table: pd.DataFrame, contents: Contents) -> dict[str, list[Line]]:
    """A line per row that has runs, in groups of one number of labelled cases."""
    made = table[(table["n_seeds"] > 0) & (table["method"] != BASELINE)]
    most, dots = table["n_seeds"].max(), _cases(contents)
    groups: dict[str, list[Line]] = {}
    for _, line in made.iterrows():
        few = f" ({counted([line['n_seeds']], 'seed')})" if line["n_seeds"] < most else ""
        name, ours = str(line["method"]), line["method"] == OURS
        cases = dots.get((name, line["n_labeled"]), ())
        group = groups.setdefault(f"{line['n_labeled']:.0f} labelled", [])
        group.append(Line(name + few, *line[DIFFERENCE], dots=cases, ours=ours))
    return groups


@functools.lru_cache(maxsize=1)
def _cases(contents: Contents) -> dict[tuple[str, int], tuple[float, ...]]:
    """The difference of each test case by row and number of labelled cases, from shipped runs."""
    runs = RecordedRuns(runs_in(_figures(contents)))
    found = differences(every_row(), runs.get)
    return {(one.row.label, one.ratio[0]): tuple(one.by_case) for one in found}


def _with_counts(study: pd.DataFrame, contents: Contents) -> pd.DataFrame:
    """The study's table, and the lines with other numbers of labelled cases."""
    path = _figures(contents) / FOLDER / f"{BY_COUNT}.csv"
    if not path.is_file():
        return study
    counts = pd.read_csv(path)
    return pd.concat([study, counts[~counts["n_labeled"].isin(study["n_labeled"])]])


def _missing(table: pd.DataFrame) -> str:
    """Which rows have no run yet."""
    names = table.loc[table["n_seeds"] == 0, "method"]
    return f"Not run yet: {'; '.join(names)}. " if len(names) else ""


def of_phantoms(study: pd.DataFrame) -> str:
    """Whether the shipped phantoms rank the methods as the study does."""
    both = beside_phantoms(study, REPOSITORY / "figures")
    if len(both) < 3:
        return ""
    rho, low, high = rank_correlation(both["real CT"], both["phantoms"])
    alike = "rank the methods alike" if low > 0 else "do not tell which method to use on patients"
    interval = f"{rho:.2f} ({low:.2f} to {high:.2f})".replace("-", "−")
    return (
        f"The phantoms of Table 1 (profile quick) {alike}: Spearman's ρ of the mean Dice is "
        f"{interval} over {len(both)} methods."
    )


def _table(study: pd.DataFrame, contents: Contents) -> str:
    shown = study.loc[study["n_seeds"] > 0, [name for name in SHOWN if name in study]]
    folders = {
        path.name.rsplit("-", 1)[-1]: contents.address(path)
        for path in runs_in(_figures(contents)).glob("*")
    }
    return plain_table(shown, {"runs": lambda keys: _run_links(str(keys), folders)})


def _run_links(keys: str, folders: dict[str, str]) -> str:
    """The keys of runs, separated by spaces, each with a link to its folder if it is there."""
    return " ".join(
        link(f"{folders[key]}/", key) if key in folders else text(key) for key in keys.split()
    )


def _downloads(contents: Contents) -> str:
    paths = [_figures(contents) / FOLDER / name for name in (*TABLES, *PICTURES)]
    links = [link(contents.address(path), path.name) for path in paths if path.is_file()]
    links.append(contents.notebook_link(NOTEBOOK, "notebook"))
    return f'<p class="downloads">{" ".join(links)}</p>'

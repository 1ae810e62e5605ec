"""Three results in a sentence each: of the paper's text, of a study on real CT, and of this run."""

from collections.abc import Sequence

import pandas as pd

from guidednet.published.checks import stated_numbers
from guidednet.report.sections.second_device import second_device
from guidednet.report.tables.captions import counted
from guidednet.report.tables.mean_dice import (
    mean_with_interval,
    number_of_cases,
    organ_scores_by_case,
    paired_gain,
)
from guidednet.report.tables.second_device import BOTH, GAIN
from guidednet.runs.environment import REPOSITORY
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.artefacts import Artefact
from guidednet.study.real_ct import FOLDER
from guidednet.study.rows import Row

BASELINES = ("Sup only", "CPS")  # GuidedNet is compared with the first that has runs


def headlines(artefacts: dict[str, Artefact], runs: RunStore, seeds: int) -> list[str]:
    """The sentences; that of this run is left out if its runs are missing."""
    rows = [
        row
        for artefact in artefacts.values()
        for row in (artefact.rows(runs.workspace.profile, seeds) if artefact.rows else [])
    ]
    return list(filter(None, (of_the_text(), on_real_ct(), of_rows(rows, runs))))


def of_the_text() -> str:
    """How many numbers of the paper's text its own tables contradict."""
    stated = stated_numbers()
    wrong = int((stated["difference"] != 0).sum())
    return (
        f"the paper: {wrong} of {len(stated)} numbers that its text states differ from its tables"
    )


def on_real_ct() -> str:
    """GuidedNet against Sup only in the shipped study, over seeds and test cases together.

    Where the study was trained on a second device too, also over both devices.
    """
    figures = REPOSITORY / "figures"
    ours = pd.read_csv(figures / FOLDER / "table.csv").set_index("method").loc["GuidedNet"]
    rests = f"{counted([ours['n_seeds']], 'seed')}, {counted([ours['n_test_cases']], 'patient')}"
    said = f"{_gain(ours, '')} points of Dice"
    both = second_device(figures)
    if len(both):
        said += f", over two devices {_gain(both.set_index('method').loc['GuidedNet'], BOTH)}"
    return f"real CT (BTCV, {rests}, trained beforehand): GuidedNet minus Sup only {said}"


def _gain(line: pd.Series, suffix: str) -> str:
    value, low, high = (line[name + suffix] for name in GAIN)
    return f"{value:+.1f} ({_span(low, high)})"


def of_rows(rows: Sequence[Row], runs: RunStore) -> str:
    """GuidedNet against a baseline on the same test cases; empty if one of them has no run.

    It is the row with the most unlabelled cases of the first data set.
    """
    guided = [row for row in rows if row.label == "GuidedNet"]
    same = [row for row in guided if row.configs[0].dataset == guided[0].configs[0].dataset]
    for row in sorted(same, key=lambda row: -row.configs[0].n_unlabelled):
        for other in filter(None, (_beside(row, name, rows) for name in BASELINES)):
            difference = _difference(row, other, runs)
            if len(difference):
                return _in_words(row, other, difference, runs.workspace)
    return ""


def _beside(guided: Row, baseline: str, rows: Sequence[Row]) -> Row | None:
    """The row of `baseline` with the labelled cases of `guided`."""
    config = guided.configs[0]
    cases = config.dataset, config.n_labelled
    found = (
        row
        for row in rows
        if row.label == baseline and cases == (row.configs[0].dataset, row.configs[0].n_labelled)
    )
    return next(found, None)


def _difference(guided: Row, other: Row, runs: RunStore) -> pd.DataFrame:
    """Dice of `guided` minus that of `other` by seed, test case and organ, in points."""
    pair = ((runs.finished(row.configs), row.predictor) for row in (guided, other))
    return paired_gain(*(organ_scores_by_case(*one) for one in pair))


def _in_words(guided: Row, other: Row, difference: pd.DataFrame, workspace: Workspace) -> str:
    config = guided.configs[0]
    mean, low, high = mean_with_interval(difference)
    data = f"{config.dataset} phantoms, not patients" if workspace.synthetic else config.dataset
    tested = counted([number_of_cases(difference)], "test case")
    cases = f"{config.n_labelled} labelled and {config.n_unlabelled} unlabelled"
    return (
        f"here ({data}, {cases}, {tested}): GuidedNet minus "
        f"{other.label} {mean:+.1f} ({_span(low, high)}) points of Dice"
    )


def _span(low: float, high: float) -> str:
    return f"95 % interval {low:.1f} to {high:.1f}"

"""The first screen: what the paper claims, what was found, what ran here, and what to do next."""

import pandas as pd

from guidednet import published
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.findings import Finding
from guidednet.report.sections.items import shared_parts
from guidednet.report.sections.markup import listed, signed, text
from guidednet.report.sections.real_ct import summary
from guidednet.report.tables.captions import counted
from guidednet.report.tables.differences import BASELINE, Difference, differences
from guidednet.runs.record import Run
from guidednet.study.rows import Row

OURS = "GuidedNet"
PAPER = "https://arxiv.org/abs/2408.04914"
COMMANDS = {
    "bash reproduce.sh lab": "steps through the method, equation by equation",
    "guidednet predict scan.nii.gz": "outlines the organs of your own CT",
    "guidednet compare": "finds the best method for your own labelled data",
    "bash reproduce.sh --profile reference": "runs everything at the paper's size on a GPU",
}


def header(contents: Contents, found: list[Finding]) -> str:
    """The title, three sentences, and a card for each question of a reader in a hurry."""
    cards = {
        "The paper claims": _claim(),
        "Found in the paper and its code": _found(found),
        "Ran here": _ran(contents),
        "On real CT": f'<p>{text(summary(contents))} <a href="#real-ct">The study</a></p>',
        "What to do next": _next(),
    }
    shown = "".join(
        f'<article class="card"><h2>{text(title)}</h2>{body}</article>'
        for title, body in cards.items()
    )
    return (
        '<header id="top"><h1>GuidedNet, reproduced</h1>'
        f'<p class="lead">GuidedNet outlines abdominal organs in CT after learning from a few '
        "scans with outlines drawn by hand and many without. This page holds what the "
        f'<a href="{PAPER}">paper</a> (ACM Multimedia 2024) claims beside what its equations and '
        "its code do. Dice is the overlap of a computed outline with the expert's; 100 % is "
        f'perfect.</p><div class="cards">{shown}</div></header>'
    )


def _claim() -> str:
    table = published.printed("table1")
    fewest = table[table["n_unlabeled"] == table["n_unlabeled"].max()].set_index("method")
    ours = fewest.loc[OURS]
    alone = table.set_index("method").loc[BASELINE, "mean_dice"]
    second = fewest["mean_dice"].drop(OURS).idxmax()
    lead = ours["mean_dice"] - fewest.loc[second, "mean_dice"]
    return (
        f"<p>With {ours['n_labeled']:.0f} outlined and {ours['n_unlabeled']:.0f} further scans, "
        f"GuidedNet reaches a Dice of {ours['mean_dice']:.1f} %; the outlined scans alone give "
        f"{alone:.1f} %. That is a gain of <b>{signed(ours['mean_dice'] - alone)} points</b>, and "
        f"{signed(lead)} over {text(second)}, the second best of {len(fewest)} methods.</p>"
    )


def _found(found: list[Finding]) -> str:
    return listed(f'<a href="#{one.anchor}">{text(one.short)}</a>' for one in found)


def _ran(contents: Contents) -> str:
    runs = contents.shown_runs
    if not runs:
        return "<p>Nothing has been trained yet.</p>"
    methods = len({run.config.method for run in runs})
    kind = (
        "synthetic CT (phantoms). <b>No number here says anything about patients</b>"
        if contents.workspace.synthetic
        else "the real data sets"
    )
    return (
        f"<p>{counted([len(runs)], 'training')} of {counted([methods], 'method')} with profile "
        f"{text(contents.workspace.profile.name)} on {kind}. {_result(contents)}</p>"
        f'<p class="small">{text(_machines(runs))}</p>'
    )


def _result(contents: Contents) -> str:
    """What the paper's main comparison gives here, at the most unlabelled cases."""
    artefact = contents.artefacts.get("table1")
    known = _compared(contents, contents.rows(artefact)) if artefact else []
    ours = [one for one in known if one.row.label == OURS]
    if not ours:
        return ""
    unclear = sum(one.unclear for one in known)
    return (
        f'GuidedNet differs from "{ours[0].baseline}", training on the outlined scans alone, by '
        f"<b>{signed(ours[0].mean)} points</b> ({signed(ours[0].low)} to {signed(ours[0].high)}); "
        f'{unclear} of {len(known)} methods cannot be told from it. <a href="#table1">Table 1</a>'
    )


def _compared(contents: Contents, rows: list[Row]) -> list[Difference]:
    """The paper's methods with the fewest labelled cases, beside the baseline."""
    names = set(published.printed("table1")["method"])
    found = [one for one in differences(rows, contents.get) if one.row.label in names]
    known = [one for one in found if pd.notna(one.low)]
    most = max((one.ratio[1] for one in known), default=0)
    return [one for one in known if one.ratio[1] == most]


def _machines(runs: list[Run]) -> str:
    """Devices, commits and days of the runs, and the time that they trained."""
    records = [run.record for run in runs]
    devices = dict.fromkeys(record["device"] for record in records)
    commits = dict.fromkeys((record["commit"] or "unknown")[:10] for record in records)
    days = sorted({record["finished"][:10] for record in records})
    seconds = sum(run.record["seconds_per_step"] * run.config.training.steps for run in runs)
    span = " to ".join(dict.fromkeys((days[0], days[-1])))
    return (
        f"{', '.join(devices)}; {seconds / 60:.0f} minutes of training; commit "
        f"{', '.join(commits)}; {span}."
    )


def _next() -> str:
    return listed(
        f"<code>{text(command)}</code> {text(what)}" for command, what in COMMANDS.items()
    )


def shared_text(contents: Contents) -> str:
    """What all tables and figures have in common, said once."""
    parts = shared_parts(contents)
    profile = contents.workspace.profile.name
    return (
        f'<p class="note">All items below: profile {text("; ".join([profile, *parts]))}. Intervals '
        "are 95 % bootstrap intervals over test cases, and over seeds where there are several; "
        "differences are paired by test case.</p>"
    )

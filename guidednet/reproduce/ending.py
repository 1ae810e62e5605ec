"""What a reproduction says at its end: what was done, what came out, and where to go from here."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guidednet.report.tables.captions import counted
from guidednet.reproduce.headlines import headlines
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import Artefact
from guidednet.support.durations import in_words

# The profile to try after each; the last ones stand for themselves.
NEXT = {"smoke": "quick", "quick": "evening", "evening": "reference", "study": "reference"}
CHECKS = re.compile(r"\b(\d+) of \d+ checks hold\b")


@dataclass(frozen=True)
class Outcome:
    """What a reproduction did: its seconds, its page, each run's status, and failed notebooks."""

    seconds: float
    page: Path
    statuses: Sequence[str]
    failed: Sequence[str] = ()


def ending(outcome: Outcome, artefacts: dict[str, Artefact], runs: RunStore, seeds: int) -> str:
    """The last lines of a reproduction."""
    folder = runs.workspace.report_folder / "notebooks"
    executed = [item.notebook for item in artefacts.values() if _copy(folder, item).exists()]
    by_status = Counter(outcome.statuses)
    not_run = len(outcome.statuses) - by_status["finished"]
    lines = [
        "",
        f"finished in {in_words(outcome.seconds)}: {counted([by_status['finished']], 'run')}, "
        f"{counted([len(executed)], 'notebook')}, {_checks(folder, executed, outcome.failed)}"
        + (f"; {counted([not_run], 'run')} not made" if not_run else ""),
        *(f"  {line}" for line in headlines(artefacts, runs, seeds)),
        f"tables and figures: {runs.workspace.figure_folder}",
        f"open first: {outcome.page}",
        f"next: {_next(runs)}",
    ]
    return "\n".join(lines)


def _copy(folder: Path, artefact: Artefact) -> Path:
    return folder / f"{artefact.notebook}.ipynb"


def _checks(folder: Path, executed: Sequence[str], failed: Sequence[str]) -> str:
    """How many checks of the notebooks hold, and in how many notebooks one does not."""
    texts = [(folder / f"{name}.ipynb").read_text(encoding="utf-8") for name in executed]
    hold = sum(int(found[1]) for text in texts if (found := CHECKS.search(text)))
    names = f" ({', '.join(failed)})" if failed else ""
    return (
        f"{hold} checks hold, " if hold else ""
    ) + f"{counted([len(failed)], 'failed check')}{names}"


def _next(runs: RunStore) -> str:
    larger = NEXT.get(runs.workspace.profile.name)
    steps = ["bash reproduce.sh lab (the notebooks, to change and run again)"]
    if larger is not None:
        steps.append(f"bash reproduce.sh plan --profile {larger} (what a longer run would cost)")
    return "; ".join(steps)

"""Whether runs shown together may be compared: what they must share, and where they differ.

Rows may differ in their method, its options and their numbers of cases; everything else must agree.
A run's key does not cover versions and devices, and records found by configuration alone
(guidednet.runs.record.RecordedRuns) may also come from other data and other code. A code module
that several runs used must be the same in all of them; a method's own file is used only by its own
runs. Commits are not compared, because the hashes of the code say more.
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from guidednet.config import RunConfig
from guidednet.data.case_store import PrepareConfig
from guidednet.networks import Initialisation
from guidednet.runs.fingerprint import hash_of
from guidednet.runs.provenance import RECORDED
from guidednet.runs.record import Run

UNKNOWN = "not recorded"
SETTINGS = ("network", "batch", "optimiser", "training", "window")
# Bookkeeping of a training, and the ramp, which belongs to a method's loss.
MAY_DIFFER = {"ramp_steps", "ramp_staircase", "keep_every", "checkpoint_every", "log_every"}
START = "supervised start ({})"
STARTS = [START.format(scheme) for scheme in get_args(Initialisation)]


class Fact(NamedTuple):
    """Something that all runs of one `scope` must share; a `hashed` value is not worth showing."""

    what: str
    scope: tuple
    value: str
    hashed: bool = False


def differences(runs: Mapping[str, Sequence[Run]], varied: Collection[str] = ()) -> list[str]:
    """One sentence per fact in which `runs` (by row name) differ but must agree; usually empty.

    Fields that are `varied`, such as "optimiser.learning_rate", may differ, and then the starts.
    """
    may_differ = {name.replace(".", " ") for name in varied}
    may_differ |= set(STARTS) if any(not name.startswith("options.") for name in varied) else set()
    found: dict[tuple, dict[str, list[tuple[str, int]]]] = {}
    for row, run in [(row, run) for row, of_row in runs.items() for run in of_row]:
        for fact in facts(run):
            if fact.what in may_differ:
                continue
            values = found.setdefault((fact.what, fact.scope, fact.hashed), {})
            values.setdefault(fact.value, []).append((row, run.config.seed))
    shown, together = [], {}
    for (what, _, hashed), values in found.items():
        groups = {value: _names(members, runs) for value, members in values.items()}
        if len(groups) > 1 and hashed:
            together.setdefault(" against ".join(groups.values()), []).append(what)
        elif len(groups) > 1:
            shown.append(
                f"mixed {what}: "
                + ", ".join(f"{value} ({names})" for value, names in groups.items())
            )
    return shown + [f"mixed {shortened(whats)}: {groups}" for groups, whats in together.items()]


def facts(run: Run) -> Iterator[Fact]:
    """Everything that a run must share with the runs beside it."""
    yield from _machine(run.record)
    yield from _settings(run.config)
    yield from _data(run.config, run.record)
    for module, value in run.record.get("code", {}).items():
        yield Fact(f"code of {module}", (), value, hashed=True)
    yield from _evaluation(run)


def _machine(record: dict[str, Any]) -> Iterator[Fact]:
    for name in RECORDED:
        yield Fact(f"{name} versions", (), record.get("versions", {}).get(name, UNKNOWN))
    yield Fact("Python versions", (), record.get("python", UNKNOWN))
    yield Fact("devices", (), record.get("device", UNKNOWN))


def _settings(config: RunConfig) -> Iterator[Fact]:
    for part in SETTINGS:
        for name, value in dataclasses.asdict(getattr(config, part)).items():
            if name not in MAY_DIFFER:
                yield Fact(f"{part} {name}", (), str(value))


def _data(config: RunConfig, record: dict[str, Any]) -> Iterator[Fact]:
    """How the cases were prepared, which cases they are, and their content.

    Runs must agree on these as far as they share cases. The key of a supervised start hashes the
    images and labels of the labelled and validation cases, so rows that share those cases must
    share the key.
    """
    prepared, split = record.get("prepare", {}), record.get("split", {})
    for field in dataclasses.fields(PrepareConfig):
        yield Fact(f"prepare {field.name}", (config.dataset,), str(prepared.get(field.name)))
    labelled = (config.dataset, config.n_labelled)
    all_cases = (*labelled, config.n_unlabelled)
    for part, scope in {
        "labelled": labelled,
        "unlabelled": all_cases,
        "validation": (config.dataset,),
    }.items():
        yield Fact(f"{part} cases", scope, hash_of(split.get(part)), hashed=True)
    yield Fact("prepared data", all_cases, record.get("data", UNKNOWN), hashed=True)
    for scheme, key in record.get("warm_start", {}).items():
        yield Fact(START.format(scheme), (*labelled, config.seed), key, hashed=True)


def _evaluation(run: Run) -> Iterator[Fact]:
    """Which cases were scored, against which labels, and by which code."""
    stamp, scores, scope = run.score_stamp(), run.scores(), (run.config.dataset,)
    yield Fact("test list", scope, hash_of(stamp.get("test")), hashed=True)
    yield Fact("code or data of the scores", scope, stamp.get("key", UNKNOWN), hashed=True)
    scored = (
        scores[scores["metric"] == "dice"][["case", "organ", "reference_voxels"]]
        .drop_duplicates()
        .sort_values(["case", "organ"])
    )
    yield Fact("labels of the test cases", scope, hash_of(scored.to_numpy().tolist()), hashed=True)


def _names(members: Sequence[tuple[str, int]], runs: Mapping[str, Sequence[Run]]) -> str:
    """Names of `members` (row, seed): a row's name if all its runs are members, else each seed."""
    names = []
    for row in dict.fromkeys(row for row, _ in members):
        seeds = [seed for name, seed in members if name == row]
        names += [row] if len(seeds) == len(runs[row]) else [f"{row} seed {seed}" for seed in seeds]
    return shortened(names)


def shortened(names: Sequence[str], separator: str = ", ", most: int = 4) -> str:
    """The first `most` names, and the number of further ones."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return separator.join(names[:most]) + more

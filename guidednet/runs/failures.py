"""Runs that fail stop no others: what failed is noted, and said again when the rest is done."""

import sys
import traceback
from collections.abc import Callable

from guidednet.config import RunConfig
from guidednet.errors import CompanionError, FailedError, RunFailedError, in_one_line
from guidednet.runs.store import RunStore
from guidednet.support.progress import tell


def reason_of(make: Callable[[], object], fail_fast: bool = False) -> str | None:
    """Make a run; the reason if it fails, None if it does not.

    With `fail_fast` a failure is raised. A mistake of the user's, a full disk and a lost worker
    are always raised, because they concern all runs.
    """
    try:
        make()
    except RunFailedError as error:
        if fail_fast:
            raise
        return str(error)
    except (CompanionError, OSError):
        raise
    except Exception as error:
        if fail_fast:
            raise
        traceback.print_exc(file=sys.stderr)  # a mistake in the code of a user's method
        return in_one_line(error)
    return None


def note(runs: RunStore, config: RunConfig, reason: str | None) -> None:
    """Remember, and say, that the run of `config` failed, if there is a `reason`."""
    if reason is not None:
        runs.failed[config] = reason
        tell(f"{runs.identity.name(config)}: {reason}; the other runs go on")


def can_begin(runs: RunStore, config: RunConfig) -> bool:
    """Whether no run that `config` starts from has failed; if one has, `config` fails with it."""
    parents = runs.identity.warm_start(config).values()
    reasons = [runs.failed[parent] for parent in parents if parent in runs.failed]
    if reasons:
        runs.failed[config] = f"the run that it starts from failed ({reasons[0]})"
    return not reasons


def check(runs: RunStore) -> None:
    """Raise FailedError, which names the runs that failed, if there are any."""
    reasons = [f"{runs.identity.name(config)}: {why}" for config, why in runs.failed.items()]
    if len(reasons) == 1:
        raise FailedError(f"{reasons[0]}; tables show this run as not run, the others are finished")
    if reasons:
        shown = "\n  ".join(reasons)
        raise FailedError(
            f"{len(reasons)} runs failed; tables show them as not run, the others are finished:"
            f"\n  {shown}"
        )

"""The checks at the end of a notebook: what was checked, and that all of it holds."""

import html
from dataclasses import dataclass

from IPython.display import HTML, display


@dataclass(frozen=True)
class Check:
    """A sentence that should be true, whether it is, and what to know or do if it is not."""

    sentence: str
    holds: bool
    otherwise: str


class Checks:
    """Collects the checks of a notebook and reports them together, so that no failure hides one."""

    def __init__(self) -> None:
        self.made: list[Check] = []

    def that(self, sentence: str, holds: object, otherwise: str = "") -> None:
        """Check that `sentence` is true, which is whether `holds` is; `otherwise` says more."""
        self.made.append(Check(sentence, bool(holds), otherwise))

    def report(self) -> None:
        """Show "6 of 6 checks hold" with the sentences folded below.

        Raises AssertionError, which names every check that fails, or if nothing was checked.
        """
        failed = [check for check in self.made if not check.holds]
        summary = f"{len(self.made) - len(failed)} of {len(self.made)} checks hold"
        display(HTML(self._list(summary)))
        if failed or not self.made:
            raise AssertionError("\n".join([summary, *map(_explained, failed)]))

    def _list(self, summary: str) -> str:
        items = "".join(
            f"<li>{'' if check.holds else 'NOT SO: '}{html.escape(check.sentence)}</li>"
            for check in self.made
        )
        shown = f"<summary>{summary}</summary><ul>{items}</ul>"
        return f'<details class="checks">{shown}</details>'


def _explained(check: Check) -> str:
    return f"not so: {check.sentence}" + (f" ({check.otherwise})" if check.otherwise else "")

"""Write the table of situations in docs/when-something-goes-wrong.md from what commands say.

    PYTHONPATH=.:tests python -m tools.situations

Run it when a sentence has changed; the tests hold the page to it.
"""

import contextlib
import io
import os
import shlex
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from guidednet.cli.parser import main as command_line

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "when-something-goes-wrong.md"
MARK = "<!-- situations -->"
HEAD = "| what is wrong | what you see | status |\n|---|---|---|"


def main() -> None:
    """Run every situation in a folder of its own and write the table below its mark."""
    from helpers.situations import SITUATIONS
    from helpers.tiny_runs import save_run

    with tempfile.TemporaryDirectory() as place:
        run_folder = save_run(Path(place) / "run", "supervised")
        groups = groupby(SITUATIONS, key=lambda situation: situation.group)
        parts = [
            "\n".join([f"## {name}\n", HEAD, *(_row(one, run_folder) for one in situations)])
            for name, situations in groups
        ]
    before = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(f"{before}{MARK}\n\n" + "\n\n".join(parts) + "\n", encoding="utf-8")


def _row(situation: object, run_folder: Path) -> str:
    """The row of a situation, with what its command says."""
    from helpers.situations import row, sentences

    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        situation.make(Path(place))
        os.symlink(run_folder, "RUN")
        sys.argv = ["guidednet", *shlex.split(situation.command)]
        error = io.StringIO()
        with contextlib.redirect_stderr(error), contextlib.redirect_stdout(io.StringIO()):
            command_line()
        return row(situation, sentences(error.getvalue(), place))


if __name__ == "__main__":
    main()

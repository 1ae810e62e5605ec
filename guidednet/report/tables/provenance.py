"""Where the numbers of a table or figure come from: one line per run."""

from collections.abc import Sequence

import pandas as pd

from guidednet.runs.store import RunStore
from guidednet.study.rows import Row


def provenance_table(rows: Sequence[Row], runs: RunStore) -> pd.DataFrame:
    """One line per row and seed: row, seed, run, best step, device, finished, s/step and commit.

    `run` is the run's name and key, or "not run" if the run is not finished; `finished` is a time.
    """
    lines = []
    for row in rows:
        for config in row.configs:
            run = runs.get(config, "blank")
            line = {
                "row": f"{row.label} {config.n_labelled}+{config.n_unlabelled}",
                "seed": config.seed,
            }
            if run is None:
                lines.append(line | {"run": "not run"})
                continue
            record = run.record
            found = {
                "run": run.folder.name,
                "best step": record["best_step"],
                "device": record["device"],
                "finished": record["finished"],
            }
            commit = (record["commit"] or "unknown")[:10] + (
                " with changes" if record["uncommitted_changes"] else ""
            )
            lines.append(
                line | found | {"s/step": round(record["seconds_per_step"], 3), "commit": commit}
            )
    return pd.DataFrame(lines)

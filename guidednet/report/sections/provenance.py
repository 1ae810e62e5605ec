"""Where numbers come from: the runs behind an item, all runs, the machine and the commits."""

from collections.abc import Sequence

import pandas as pd

from guidednet.report.sections.contents import Contents
from guidednet.report.sections.markup import fold, link, plain_table, text
from guidednet.report.sections.scores import run_anchors
from guidednet.report.tables.provenance import provenance_table
from guidednet.study.rows import Row


def runs_behind(item: str, rows: Sequence[Row], contents: Contents) -> str:
    """The runs of an item, folded, each row with an anchor and each run with a link."""
    if not rows:
        return ""
    parts = [
        f'<tbody id="{anchor}">{_lines([row], contents)}</tbody>'
        for row, anchor in zip(rows, run_anchors(item, rows), strict=True)
    ]
    columns = ("row", "seed", "run", "best step", "device", "finished", "s/step", "commit")
    head = "".join(f"<th>{column}</th>" for column in columns)
    table = f'<table class="runs"><thead><tr>{head}</tr></thead>{"".join(parts)}</table>'
    return fold("Where these numbers come from", f'<div class="wide">{table}</div>')


def _lines(rows: Sequence[Row], contents: Contents) -> str:
    table = provenance_table(rows, contents)
    runs = [contents.get(config) for row in rows for config in row.configs]
    lines = []
    for line, run in zip(table.fillna("").astype(object).to_dict("records"), runs, strict=True):
        cells = {name: text(value) for name, value in line.items()}
        cells |= {"run": contents.run_link(run)} if run else {}
        lines.append("".join(f"<td>{cell}</td>" for cell in cells.values()))
    return "".join(f"<tr>{line}</tr>" for line in lines)


def all_runs(plan: pd.DataFrame, contents: Contents) -> str:
    """The plan of every run, each finished one with a link to its folder."""
    folder = contents.workspace.runs_folder

    def shown(name: object) -> str:
        path = folder / str(name)
        return link(f"{contents.address(path)}/", str(name)) if path.is_dir() else text(name)

    table = plain_table(plan, {"run": shown}).replace("<table>", '<table class="runs">')
    return fold(f"All {len(plan)} runs", table)

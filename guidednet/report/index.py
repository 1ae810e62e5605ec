"""The page to open first: results/<profile>/index.html, one self-contained file."""

import html
from pathlib import Path

import pandas as pd

from guidednet.files import write_text
from guidednet.items import Item
from guidednet.report.notebooks import title
from guidednet.workspace import Workspace

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.85rem; }
th, td { padding: 0.2rem 0.5rem; border-bottom: 1px solid #ddd; text-align: right; } th:first-child, td:first-child { text-align: left; }
.note { background: #fff6dd; padding: 0.5rem 1rem; border-left: 4px solid #e0a800; } a { color: #14507a; }
"""


def write_index(workspace: Workspace, items: dict[str, Item], plan: pd.DataFrame) -> Path:
    """Write index.html: what this profile is, every table that exists, links to the notebooks as HTML, the runs."""
    profile = workspace.profile
    data = "synthetic CT (phantoms); no number here says anything about patients" if profile.synthetic else "the real data sets"
    parts = [
        f"<h1>GuidedNet companion: profile {html.escape(profile.name)}</h1>",
        f'<p class="note">Data: {data}.</p>',
        "<h2>Tables</h2>",
        *[_table_section(workspace.figure_folder / file) for item in items.values() for file in item.files if file.endswith(".csv")],
        "<h2>Notebooks</h2><ul>",
        *[_notebook_link(workspace.report_folder, item.notebook) for item in items.values()],
        "</ul><h2>Runs</h2>",
        f'<div class="wide">{plan.to_html(index=False, float_format="{:.3f}".format)}</div>',
    ]
    page = workspace.report_folder / "index.html"
    viewport = "<meta name=viewport content='width=device-width'>"
    head = f"<!doctype html><html lang=en><meta charset=utf-8>{viewport}<title>GuidedNet companion</title><style>{STYLE}</style>"
    write_text(page, head + "\n".join(parts) + "</html>\n")
    return page


def _table_section(csv: Path) -> str:
    if not csv.exists():
        return f"<h3>{html.escape(csv.stem)}</h3><p>not run</p>"
    caption = csv.with_suffix(".md").read_text().splitlines()[0]
    table = pd.read_csv(csv).to_html(index=False, na_rep="-", float_format="{:.2f}".format)
    return f'<h3>{html.escape(csv.stem)}</h3><p>{html.escape(caption)}</p><div class="wide">{table}</div>'


def _notebook_link(folder: Path, name: str) -> str:
    executed = folder / "notebooks" / f"{name}.ipynb"
    if not executed.exists():
        return f"<li>{html.escape(name)}: not run</li>"
    return f'<li><a href="notebooks/{name}.html">{html.escape(title(executed))}</a></li>'

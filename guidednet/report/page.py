"""The page to open first: results/<profile>/index.html, a single file that needs no network."""

import base64
import html
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from guidednet import published
from guidednet.report.execute_notebooks import source, title
from guidednet.report.figures.figures4_5 import median_case
from guidednet.report.tables.captions import Caption, caption
from guidednet.report.tables.provenance import provenance_table
from guidednet.report.tables.table import NOT_RUN, RUN_KEYS, notes_on_print
from guidednet.report.viewer.page_viewer import viewer_html
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.trained import scene_of_runs
from guidednet.runs.profiles import Profile
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import SHOWN_METHODS, Row, comparison_rows, table1, table2
from guidednet.support.files import write_text

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; }
body { margin: 2rem auto; padding: 0 1rem; color: #222; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.8rem; }
th, td { padding: 0.15rem 0.5rem; border-bottom: 1px solid #ddd; }
th, td { text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1rem 0; } figure img { max-width: 100%; height: auto; }
.note { background: #fff6dd; padding: 0.5rem 1rem; border-left: 4px solid #e0a800; }
a { color: #14507a; }
summary { cursor: pointer; color: #14507a; }
@media print {
  .guidednet-viewer-place, summary { display: none; }
  body { max-width: none; font-size: 11px; }
  h3 { break-after: avoid; }
}
"""
# The columns to show first, because readers rarely scroll far to the right.
MEANS = (
    *(
        "mean_dice",
        "sd_dice",
        "ci_low",
        "ci_high",
        "last_mean_dice",
        "n_seeds",
        "n_test_cases",
        "paper_mean_dice",
    ),
    *("mean_jaccard", "sd_jaccard", "paper_mean_jaccard"),
)
BROWSED = (("flare22", table1), ("amos", table2))


def write_page(
    artefacts: dict[str, Artefact], plan: pd.DataFrame, runs: RunStore, seeds: int
) -> Path:
    """Write index.html and return its path.

    The page names the profile and its data, shows every table and figure with the published numbers
    and its runs, and adds a slice viewer, links to the notebooks and the `plan` of all runs.
    """
    workspace = runs.workspace
    data = (
        "synthetic CT (phantoms); no number here says anything about patients"
        if workspace.synthetic
        else "the real data sets"
    )
    sections = [
        _artefact_section(artefact, runs, seeds)
        for artefact in artefacts.values()
        if artefact.files
    ]
    parts = [
        f"<h1>GuidedNet companion: profile {html.escape(workspace.profile.name)}</h1>",
        f'<p class="note">Data: {data}. '
        "The paper's numbers come from patients' scans and 20,000 steps.</p>",
        "<h2>Tables and figures</h2>",
        *sections,
        "<h2>Slices</h2><p>A test case of each data set, segmented by several methods.</p>",
        _viewer(runs, seeds),
        "<h2>Notebooks</h2><ul>",
        *[
            _notebook_link(workspace.report_folder, artefact.notebook)
            for artefact in artefacts.values()
        ],
        f"</ul><details><summary>All runs</summary>{_table(plan, '{:.3f}')}</details>",
    ]
    page = workspace.report_folder / "index.html"
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    head = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">{viewport}'
        f"<title>GuidedNet companion</title><style>{STYLE}</style>"
    )
    write_text(page, f"{head}\n" + "\n".join(parts) + "</html>\n")
    return page


def _artefact_section(artefact: Artefact, runs: RunStore, seeds: int) -> str:
    """A notebook's table or figures, the published numbers folded below, and their provenance."""
    workspace = runs.workspace
    rows = artefact.rows(workspace.profile, seeds) if artefact.rows else []
    names = list(dict.fromkeys(Path(file).stem for file in artefact.files))
    heading = f"<h3>{html.escape(title(source(artefact.notebook)))}</h3>"
    said = caption(", ".join(map(_shown_name, names)), rows, runs) if rows else Caption("")
    shown = "".join(
        _shown(workspace.figure_folder, name, f"{name}.png" in artefact.files) for name in names
    )
    paragraph = f"<p>{html.escape(said.text)}</p>" if said.text else ""
    own = f"{paragraph}{shown}{_notes(said.notes)}"
    return heading + own + "".join(map(_print_section, names)) + _provenance_section(rows, runs)


def _notes(notes: Sequence[str]) -> str:
    """An HTML list of notes on the runs behind a table or figure; empty without notes."""
    return (
        f'<ul class="note">{"".join(f"<li>{html.escape(note)}</li>" for note in notes)}</ul>'
        if notes
        else ""
    )


def _shown_name(name: str) -> str:
    return name.replace("table", "Table ").replace("figure", "Figure ")


def _shown(folder: Path, name: str, is_figure: bool) -> str:
    path = folder / f"{name}.{'png' if is_figure else 'csv'}"
    if not path.exists():
        return f"<p>{html.escape(_shown_name(name))}: {NOT_RUN}</p>"
    if is_figure:
        data = base64.b64encode(path.read_bytes()).decode()
        shown = html.escape(_shown_name(name))
        figure = (
            f'<figure><img src="data:image/png;base64,{data}" alt="{shown}">'
            f"<figcaption>{shown}</figcaption></figure>"
        )
        return (
            f"{figure}<details><summary>Numbers behind {shown}</summary>"
            f"{_numbers(folder / f'{name}.csv')}</details>"
        )
    return _numbers(path)


def _numbers(path: Path) -> str:
    table = pd.read_csv(path).drop(columns=RUN_KEYS, errors="ignore")  # they stand below it
    return _table(_means_first(_gaps_named(table)), "{:.2f}")


def _gaps_named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with "not run" in the score columns of rows without runs."""
    if not {"n_seeds", "n_unlabeled"} <= set(table):
        return table
    named = table.astype(object)
    scores = table.columns[
        table.columns.get_loc("n_unlabeled") + 1 : table.columns.get_loc("n_seeds")
    ]
    named.loc[table["n_seeds"] == 0, list(scores)] = NOT_RUN
    return named


def _means_first(table: pd.DataFrame) -> pd.DataFrame:
    """Move our means, their spread and counts, and the paper's means before the organ columns."""
    means = [name for name in MEANS if name in table]
    names = [name for name in ("panel", "method", "n_labeled", "n_unlabeled") if name in table]
    return table[[*names, *means, *table.columns.difference([*names, *means], sort=False)]]


def _print_section(name: str) -> str:
    """The published numbers of a table or figure; empty if the paper prints none."""
    if name not in published.FILES:
        return ""
    notes = html.escape(notes_on_print(name))
    table = _table(published.printed(name).drop(columns="note", errors="ignore"), "{:.2f}")
    return (
        f"<details><summary>The paper's {html.escape(_shown_name(name))}</summary>"
        f"{table}<p>{notes}</p></details>"
    )


def _provenance_section(rows: Sequence[Row], runs: RunStore) -> str:
    if not rows:
        return ""
    return (
        "<details><summary>Where these numbers come from</summary>"
        f"{_table(provenance_table(rows, runs), '{:.3f}')}</details>"
    )


def _table(table: pd.DataFrame, number: str) -> str:
    return (
        '<div class="wide">'
        f"{table.to_html(index=False, na_rep='-', border=0, float_format=number.format)}</div>"
    )


def _viewer(runs: RunStore, seeds: int) -> str:
    """A viewer of the cases of Figures 4 and 5, of each data set with a GuidedNet run."""
    scenes = [_scene(runs, seeds, dataset, builder) for dataset, builder in BROWSED]
    found = [scene for scene in scenes if scene is not None]
    return viewer_html(found) if found else f"<p>{NOT_RUN}</p>"


def _scene(
    runs: RunStore, seeds: int, dataset: str, builder: Callable[[Profile, int], list[Row]]
) -> Scene | None:
    """The case of Figure 4 or 5; None without a GuidedNet run."""
    workspace = runs.workspace
    ratio = workspace.data(dataset).ratios[1]
    rows = comparison_rows(builder(workspace.profile, seeds), SHOWN_METHODS, ratio[1])
    run = runs.get(rows[0].configs[0], "blank")
    if run is None:
        return None
    configs = {row.label: row.configs[0] for row in reversed(rows)}  # GuidedNet is shown first
    found = {name: config for name, config in configs.items() if runs.get(config, "blank")}
    return scene_of_runs(runs, found, median_case(run))


def _notebook_link(folder: Path, name: str) -> str:
    executed = folder / "notebooks" / f"{name}.ipynb"
    if not executed.exists():
        return f"<li>{html.escape(name)}: {NOT_RUN}</li>"
    return f'<li><a href="notebooks/{name}.html">{html.escape(title(executed))}</a></li>'

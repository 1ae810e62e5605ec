"""The page to open first: results/<profile>/index.html, a single file that needs no network."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pandas as pd

from guidednet.report.playground import section_html
from guidednet.report.sections.cases import viewer_section
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.findings import findings, found_section
from guidednet.report.sections.items import item_sections
from guidednet.report.sections.markup import Section, link, listed
from guidednet.report.sections.provenance import all_runs
from guidednet.report.sections.real_ct import real_ct_section
from guidednet.report.sections.story import header, shared_text
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import Artefact
from guidednet.support.files import write_text


def write_page(
    artefacts: dict[str, Artefact], plan: pd.DataFrame, runs: RunStore, seeds: int
) -> Path:
    """Write index.html and return its path.

    The page says what the paper claims, what was found and what ran, then shows every table and
    figure with the published numbers and its runs, a slice viewer, links to the notebooks and the
    `plan` of all runs.
    """
    contents = Contents(artefacts, plan, runs, seeds)
    found = findings(contents)
    sections = [
        found_section(found, contents),
        real_ct_section(contents),
        Section("items", "Tables and figures", shared_text(contents)),
        *item_sections(contents),
        viewer_section(contents),
        Section("playground", "Try the equations", section_html(runs, seeds)),
        Section("notebooks", "Notebooks", _notebooks(contents)),
        Section("runs", "All runs", all_runs(plan, contents)),
    ]
    page = runs.workspace.report_folder / "index.html"
    write_text(page, _document(header(contents, found), sections))
    return page


def _document(head: str, sections: Sequence[Section]) -> str:
    """The whole file: style, header, contents list, sections and script."""
    entries = listed(
        f'<span class="level{section.level}">{link(f"#{section.anchor}", section.title)}</span>'
        for section in sections
    )
    body = "\n".join(section.html() for section in sections)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>GuidedNet, reproduced</title><style>{_asset('page.css')}</style></head>\n<body>"
        f'<nav><details open><summary>Contents</summary><a href="#top">Top</a>{entries}</details>'
        f"</nav><main>{head}\n{body}</main><script>{_asset('page.js')}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return (files("guidednet.report.sections") / name).read_text(encoding="utf-8")


def _notebooks(contents: Contents) -> str:
    return listed(
        contents.notebook_link(artefact.notebook) for artefact in contents.artefacts.values()
    )

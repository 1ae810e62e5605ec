"""Write an executed notebook as an HTML page, and link the pages of a folder with each other."""

import ast
import html
import re
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from guidednet.report.notebook_page.mathematics import html_with_mathematics
from guidednet.support.files import write_text

FOLDER = Path(__file__).parent
# Cells by tag whose code is folded in the page, with what the page calls it.
FOLDED = {
    "parameters": "Parameters",
    "imports": "Imports",
    "checks": "Code of the checks",
    "setup": "Code",
}
LEFT_OUT = {"colab"}
INDEX = "index.html"
NAVIGATION = re.compile(r'(<nav class="pages">).*?(</nav>)', re.DOTALL)
TITLE = re.compile(r"<title>(.*?)</title>")
HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)(?:<a class="anchor-link".*?</a>)?</h2>', re.DOTALL)


class OfflineExporter(HTMLExporter):
    """nbconvert's exporter with our page, MathML, and no script from elsewhere."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            template_file=str(FOLDER / "page.html.j2"),
            exclude_input_prompt=True,
            exclude_output_prompt=True,
            **options,
        )

    def default_filters(self) -> Any:
        """The filters of nbconvert, and ours in place of its Markdown."""
        yield from super().default_filters()
        yield ("markdown2html", html_with_mathematics)


def write_notebook_page(executed: Path) -> None:
    """Write the executed notebook as an HTML page beside it.

    Raises NotebookError if it has a formula that cannot be converted.
    """
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata["title"] = title(notebook)
    notebook.cells = shown_cells(notebook)
    style = {"style": (FOLDER / "page.css").read_text(encoding="utf-8"), "folded": FOLDED}
    body, _ = OfflineExporter().from_notebook_node(notebook, resources={"page": style})
    write_text(executed.with_suffix(".html"), with_contents(links_to_pages(body)))


def title(notebook: NotebookNode) -> str:
    """The first heading of a notebook."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def shown_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells of the page: parameters once, with their values, and each with its section.

    What a cell wrote to its error stream (progress, remarks of libraries) is left out.
    """
    cells = [cell for cell in notebook.cells if not LEFT_OUT & tags(cell)]
    injected = [cell for cell in cells if "injected-parameters" in tags(cell)]
    section = title(notebook)
    for cell in cells:
        if "parameters" in tags(cell):
            cell.source = parameters_once(cell.source, *(given.source for given in injected))
        section = heading(cell) or section
        cell.metadata["section"] = section
        if "outputs" in cell:
            cell.outputs = [part for part in cell.outputs if part.get("name") != "stderr"]
    return [cell for cell in cells if cell not in injected]


def tags(cell: NotebookNode) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def heading(cell: NotebookNode) -> str:
    """The last heading of a Markdown cell as plain text; empty without one."""
    lines = cell.source.splitlines() if cell.cell_type == "markdown" else []
    return next((line.lstrip("# ") for line in reversed(lines) if line.startswith("#")), "")


def parameters_once(*sources: str) -> str:
    """One assignment for each parameter of `sources`; the last value counts."""
    values = {
        statement.targets[0].id: ast.unparse(statement)
        for source in sources
        for statement in ast.parse(source).body
    }
    return "\n".join(values.values())


def links_to_pages(body: str) -> str:
    """Links to notebooks become links to their pages."""
    return re.sub(r'href="(\d\d_\w+)\.ipynb"', r'href="\1.html"', body)


def with_contents(body: str) -> str:
    """The page with links to its sections in the place that the template keeps for them."""
    items = "".join(
        f'<li><a href="#{name}">{text}</a></li>' for name, text in HEADING.findall(body)
    )
    return body.replace("<!-- contents -->", f"<ol>{items}</ol>", 1)


def link_pages(folder: Path) -> None:
    """Link each notebook page in `folder` with the report's page and with its neighbours.

    Only pages that exist are linked, so this comes after the last of them is written.
    """
    pages = sorted(folder.glob("[0-9][0-9]_*.html"))
    index = [("the report", f"../{INDEX}")] if (folder.parent / INDEX).is_file() else []
    names = {
        page: html.unescape(TITLE.search(page.read_text(encoding="utf-8"))[1]) for page in pages
    }
    for place, page in enumerate(pages):
        before = [(f"← {names[other]}", other.name) for other in pages[:place][-1:]]
        after = [(f"next: {names[other]} →", other.name) for other in pages[place + 1 :][:1]]
        set_navigation(page, index + before + after)


def set_navigation(page: Path, links: list[tuple[str, str]]) -> None:
    """Put `links`, texts with their targets, in the places that `page` keeps for them."""
    shown = "".join(f'<a href="{target}">{html.escape(text)}</a>' for text, target in links)
    text = page.read_text(encoding="utf-8")
    write_text(page, NAVIGATION.sub(lambda found: f"{found[1]}{shown}{found[2]}", text))

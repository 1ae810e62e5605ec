"""Markdown with LaTeX formulas as HTML with MathML, which browsers draw without script and font."""

import re

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from guidednet.errors import NotebookError

UNKNOWN = re.compile(r"\\[A-Za-z]+")  # a command that the converter has left as it was


def html_with_mathematics(source: str) -> str:
    """The Markdown text `source` as HTML; raises NotebookError for a formula that is unknown."""
    return MarkdownWithMath(renderer=MathMLRenderer(escape=False)).render(source)


def mathml(formula: str, display: str) -> str:
    """A LaTeX `formula` as MathML; `display` is "block" or "inline".

    Raises NotebookError if it has a command that cannot be converted, because a page would show it
    raw.
    """
    converted = convert(formula, display=display)
    if unknown := UNKNOWN.search(converted):
        raise NotebookError(
            f"the formula {formula!r} has the command {unknown[0]}, which MathML lacks; write it "
            r"otherwise, such as \operatorname{name}"
        )
    return converted


class MathMLRenderer(IPythonRenderer):
    """Formulas as MathML, and everything else as nbconvert renders it."""

    def block_math(self, body: str) -> str:
        """A formula between two pairs of dollar signs."""
        return mathml(body, "block")

    def inline_math(self, body: str) -> str:
        """A formula between two dollar signs."""
        return mathml(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        r"""A formula between \begin{name} and \end{name}."""
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

"""Names of methods, cases and files as plain text in Markdown; for HTML, use `html.escape`."""

import re

# The best and the second-best score of a column.
MARKED = re.compile(r"\*\*[\d.]+\*\*|<u>[\d.]+</u>")


def markdown_text(name: str) -> str:
    """`name` on one line of Markdown, with all markup characters escaped."""
    return re.sub(r"[\\`*_~$|<>&\[\]]", r"\\\g<0>", " ".join(name.split()))


def markdown_cell(text: str) -> str:
    """A table cell as plain text, except that a marked number keeps its mark."""
    return text if MARKED.fullmatch(text) else markdown_text(text)


def with_marks_closed(page: str) -> str:
    """The HTML of a notebook in which every underlined number stands inside its mark again.

    The converter closes a mark before the number that it begins with: <u></u>49.43.
    """
    return re.sub(r"<u></u>([\d.]+)", r"<u>\1</u>", page)

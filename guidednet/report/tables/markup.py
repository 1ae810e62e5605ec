"""Names of methods, cases and files as plain text in Markdown, whatever characters they have; for
HTML there is `html.escape`.
"""

import re

# a table's best score of a column, and the second
MARKED = re.compile(r"\*\*[\d.]+\*\*|<u>[\d.]+</u>")


def markdown_text(name: str) -> str:
    """`name` on one line of Markdown, without effect on what stands around it."""
    return re.sub(r"[\\`*_~$|<>&\[\]]", r"\\\g<0>", " ".join(name.split()))


def markdown_cell(text: str) -> str:
    """A cell of a table as plain text, but for a number that is marked."""
    return text if MARKED.fullmatch(text) else markdown_text(text)

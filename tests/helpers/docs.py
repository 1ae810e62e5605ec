"""README.md and the pages of docs/."""

import re

from helpers.paths import ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def text_of(path):
    return path.read_text(encoding="utf-8")


def blocks(path, language):
    return [code for kind, code in BLOCK.findall(text_of(path)) if kind == language]

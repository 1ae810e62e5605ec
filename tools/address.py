"""The public address of the repository, which Colab needs: once in pyproject.toml, else nowhere.

    python -m tools.address https://github.com/OWNER/NAME

writes it to pyproject.toml, and from there to the first cell of the notebooks that Colab can open.
Without an argument the notebooks take the address that pyproject.toml has; with none, their cell
says that there is none. A test holds the notebooks to pyproject.toml.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w.-]+)+")  # the cell hands it to a shell
TABLE = "[project.urls]"
LINE = re.compile(r'^ADDRESS = "[^"]*"', re.MULTILINE)


def address(root: Path) -> str:
    """The address in the pyproject.toml of `root`; empty if the repository has none."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project.get("urls", {}).get("Repository", "")


def set_address(root: Path, new: str) -> None:
    """Write the address to pyproject.toml; raises ValueError if it is none."""
    if not ADDRESS.fullmatch(new):
        raise ValueError(f"{new!r} is no address; write https://github.com/OWNER/NAME")
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    line = f'Repository = "{new}"'
    if TABLE in text:
        text = re.sub(r'^Repository = ".*"$', line, text, flags=re.MULTILINE)
    else:
        text = text.replace("[project.scripts]", f"{TABLE}\n{line}\n\n[project.scripts]")
    path.write_text(text, encoding="utf-8")


def update_notebooks(root: Path) -> list[Path]:
    """Give the notebooks with a cell for Colab the address of pyproject.toml; return these."""
    found = []
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [c for c in notebook["cells"] if "colab" in c["metadata"].get("tags", [])]
        for cell in cells:
            source = LINE.sub(f'ADDRESS = "{address(root)}"', "".join(cell["source"]))
            cell["source"] = source.splitlines(keepends=True)
            found.append(path)
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
    return found


if __name__ == "__main__":
    try:
        for given in sys.argv[1:2]:
            set_address(ROOT, given)
    except ValueError as error:
        sys.exit(f"tools.address: {error}")
    for changed in update_notebooks(ROOT):
        print(changed.relative_to(ROOT))

"""The API pages: what every module, class and function of the package says of itself.

    python -m tools.api FOLDER

writes them as HTML with pdoc and prints where they start; it ends with status 2 where pdoc is not
installed.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

import guidednet
from guidednet.errors import CompanionError, InputError


def show_own_modules() -> None:
    """Add every module to the `__all__` of its package; pdoc would leave it out."""
    for found in pkgutil.walk_packages(guidednet.__path__, "guidednet."):
        parent, _, name = found.name.rpartition(".")
        shown = getattr(importlib.import_module(parent), "__all__", None)
        if shown is not None and name not in shown:
            shown.append(name)


def write_pages(folder: Path) -> Path:
    """Write the pages into `folder` and return the first one; raises InputError without pdoc."""
    try:
        import pdoc
        import pdoc.render
    except ImportError as error:
        raise InputError(
            "the API pages need pdoc: python -m pip install -c requirements.lock 'pdoc>=15'"
        ) from error
    show_own_modules()
    pdoc.render.configure(docformat="markdown", footer_text=f"guidednet {guidednet.__version__}")
    pdoc.pdoc("guidednet", output_directory=folder)
    return folder / "index.html"


def main() -> int:
    """Write the pages into the folder given as the only argument."""
    try:
        page = write_pages(Path(sys.argv[1]))
    except CompanionError as error:
        print(f"api: {error}", file=sys.stderr)
        return error.status
    print(f"API pages: {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

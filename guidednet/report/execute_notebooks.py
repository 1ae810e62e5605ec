"""Runs notebooks through Papermill: parameters are checked first, an unchanged notebook is not run
again.
"""

import os
import sys
import tempfile
from ast import literal_eval
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import nbformat
import papermill
from filelock import FileLock
from nbclient.exceptions import CellTimeoutError
from nbconvert import HTMLExporter
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from guidednet.errors import InputError, NotebookError
from guidednet.runs.fingerprint import hash_of
from guidednet.runs.profiles import PROFILES
from guidednet.runs.store import OnMissing
from guidednet.runs.workspace import REPOSITORY
from guidednet.support.files import read_json, told_of_disk, write_json, write_text

NOTEBOOKS = REPOSITORY / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"
# The values that a parameter may take, by its name.
ALLOWED = {"profile": tuple(PROFILES), "on_missing": get_args(OnMissing), "seeds": range(1, 101)}


def source(name: str) -> Path:
    """The notebook called `name`; raises InputError for an unknown one."""
    notebooks = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    if not notebooks:
        raise InputError(f"{NOTEBOOKS}: no notebook is there; they come with the repository")
    if (stem := name.removesuffix(".ipynb")) not in notebooks:
        raise InputError(f"{name!r}: no such notebook; use one of {', '.join(notebooks)}")
    return notebooks[stem]


def parameters(path: Path) -> dict[str, Any]:
    """What Papermill finds in the notebook's parameters cell, by name."""
    return papermill.inspect_notebook(str(path))


def check_parameters(path: Path, values: dict[str, Any]) -> None:
    """Raise InputError for a parameter that the notebook does not have (Papermill would only warn)
    or of another type.
    """
    known = parameters(path)
    for name, value in values.items():
        if name not in known:
            raise InputError(
                f"{path.name} has no parameter '{name}': use one of {', '.join(known)}"
            )
        default = _literal(known[name]["default"])
        if type(value) is not type(default):
            raise InputError(
                f"{path.name}: parameter '{name}' is {value!r}, but must be a {type(default).__name__} like {default!r}"
            )
        if name in ALLOWED and value not in ALLOWED[name]:
            raise InputError(
                f"{path.name}: parameter '{name}' is {value!r}: use one of {_listed(ALLOWED[name])}"
            )


def _listed(values: Sequence[Any]) -> str:
    return f"{values[0]} to {values[-1]}" if isinstance(values, range) else ", ".join(values)


def parse_parameters(assignments: list[str], option: str = "--set") -> dict[str, Any]:
    """Parameters from the "name=value" texts of `option`; a value that reads as a Python literal is
    one. Raises InputError for others.
    """
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"{option} {assignment}: write it as NAME=VALUE")
        values[name] = _literal(text)
    return values


def _literal(text: str) -> Any:
    try:
        return literal_eval(text)
    # as {[]: 1} and a thousand brackets raise them
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text


def notebook_key(path: Path, values: dict[str, Any], inputs: dict[str, Any]) -> str:
    """Hash of everything an executed notebook depends on: its source, parameters, the package,
    versions and `inputs`.
    """
    folders = (REPOSITORY / "guidednet", NOTEBOOKS)
    package = sorted(
        file for folder in folders for ending in ("*.py", "*.csv") for file in folder.rglob(ending)
    )
    files = {
        str(file.relative_to(REPOSITORY)): hash_of(file.read_text(encoding="utf-8"))
        for file in [path, *package]
    }
    return hash_of(
        [files, values, inputs, (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")]
    )


@dataclass(frozen=True)
class Execution:
    """A notebook, the values of its parameters, the folder of its executed copy, what it reads and
    the files it makes.

    `inputs` are the run keys and data fingerprints that it reads: where they change, it is executed
    again.
    """

    name: str
    values: dict[str, Any]
    folder: Path
    inputs: dict[str, Any]
    outputs: tuple[Path, ...] = ()

    @property
    def executed(self) -> Path:
        """The executed copy."""
        return self.folder / source(self.name).name

    @property
    def stamp(self) -> Path:
        """The file that holds the key of the executed copy; written last."""
        return self.executed.with_suffix(".json")

    def key(self) -> str:
        """Hash of everything that the executed copy depends on."""
        return notebook_key(source(self.name), self.values, self.inputs)

    def is_done(self) -> bool:
        """Whether an executed copy with the same key and all its outputs stands."""
        files = [self.executed, self.executed.with_suffix(".html"), self.stamp, *self.outputs]
        return (
            all(file.exists() for file in files) and read_json(self.stamp).get("key") == self.key()
        )


def execute(execution: Execution, again: bool = True) -> str:
    """Execute a notebook and write its HTML page beside it; returns its name.

    Of two processes that ask for it at once one waits for the other, and without `again` leaves it
    at that. Raises InputError for bad parameters, and NotebookError where a cell fails; the
    executed copy up to that cell is kept as <name>.failed.ipynb.
    """
    path = source(execution.name)
    check_parameters(path, execution.values)
    execution.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(execution.folder / f"{path.stem}.lock"):
        if again or not execution.is_done():
            _execute(execution, path)
    return execution.name


def _execute(execution: Execution, path: Path) -> None:
    execution.stamp.unlink(missing_ok=True)
    unfinished = execution.folder / f"{path.stem}.failed.ipynb"
    try:
        _run(path, unfinished, execution.values)
    except NotebookError:
        without_paths(unfinished)
        raise
    without_widgets(unfinished)
    without_paths(unfinished)
    unfinished.replace(execution.executed)
    write_html(execution.executed)
    write_json(execution.stamp, {"key": execution.key()})


def _run(path: Path, target: Path, values: dict[str, Any]) -> None:
    """Papermill with the notebook's own folder as working directory, as in JupyterLab."""
    # A kernel of this Python comes first, whatever kernels the user has installed under the same
    # name.
    os.environ["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")
    # Sockets that are files in a folder of their own: two kernels that start at once could be given
    # the same port.
    with told_of_disk(target), tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        try:
            papermill.execute_notebook(
                str(path),
                str(target),
                values,
                kernel_name="python3",
                cwd=str(path.parent),
                progress_bar=False,
                config=Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/socket"}),
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
            )
        except (PapermillExecutionError, CellTimeoutError) as error:
            raise NotebookError(f"{path.name} failed, see {target}: {_last_line(error)}") from error


def without_widgets(executed: Path) -> None:
    """Put a line in the place of every widget of an executed notebook: without its kernel a widget
    is an empty box.
    """
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("widgets", None)
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if WIDGET in output.get("data", {}):
            output.data = nbformat.from_dict(
                {
                    "text/plain": "(interactive in JupyterLab; the picture below stands in for it here)"
                }
            )
    write_text(executed, nbformat.writes(notebook) + "\n")


def without_paths(executed: Path) -> None:
    """Take out where the notebook and its copy lay on this machine, which Papermill notes: copies
    are passed on.
    """
    notebook = nbformat.read(executed, as_version=4)
    for name in ("input_path", "output_path"):
        notebook.metadata.papermill.pop(name, None)
    write_text(executed, nbformat.writes(notebook) + "\n")


def write_html(executed: Path) -> None:
    """The executed notebook as an HTML page beside it."""
    body, _ = HTMLExporter(embed_images=True).from_notebook_node(
        nbformat.read(executed, as_version=4)
    )
    write_text(executed.with_suffix(".html"), body)


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]


def title(path: Path) -> str:
    """The first heading of a notebook."""
    first = nbformat.read(path, as_version=4).cells[0].source
    return first.splitlines()[0].lstrip("# ")

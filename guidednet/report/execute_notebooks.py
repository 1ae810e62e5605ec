"""Run notebooks through Papermill: check their parameters first, and skip unchanged notebooks."""

import os
import sys
import tempfile
import time
from ast import literal_eval
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from guidednet.errors import InputError, NotebookError
from guidednet.report.notebook_page.write import title as notebook_title
from guidednet.report.notebook_page.write import write_notebook_page
from guidednet.runs.environment import REPOSITORY
from guidednet.runs.fingerprint import hash_of
from guidednet.runs.profiles import PROFILES
from guidednet.runs.store import OnMissing
from guidednet.support.files import listed_paths, read_json, told_of_disk, write_json, write_text
from guidednet.support.locks import locked, told_of_locks

NOTEBOOKS = REPOSITORY / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURE = "image/png"
STATIC = "(interactive in JupyterLab)"
# The values that a parameter may have, by its name.
ALLOWED = {"profile": tuple(PROFILES), "on_missing": get_args(OnMissing), "seeds": range(1, 101)}

PATHS = ("image", "labels")  # parameters that name files


def source(name: str) -> Path:
    """Path of the notebook called `name`. Raises InputError if there is no such notebook."""
    notebooks = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    if not notebooks:
        raise InputError(f"{NOTEBOOKS}: no notebooks found; get them from the repository")
    if (stem := name.removesuffix(".ipynb")) not in notebooks:
        raise InputError(f"{name!r}: no such notebook; use one of {', '.join(notebooks)}")
    return notebooks[stem]


def parameters(path: Path) -> dict[str, Any]:
    """Parameters that Papermill finds in the notebook's parameters cell, by name."""
    return papermill.inspect_notebook(str(path))


def check_parameters(path: Path, values: dict[str, Any]) -> None:
    """Check parameter `values` before a run, because Papermill would only warn.

    Raises InputError if the notebook lacks a parameter, or if a value has the wrong type or is not
    allowed.
    """
    known = parameters(path)
    for name, value in values.items():
        if name not in known:
            raise InputError(f"{path.name}: no parameter '{name}'; use one of {', '.join(known)}")
        default = _literal(known[name]["default"])
        if type(value) is not type(default):
            raise InputError(
                f"{path.name}: parameter '{name}' is {value!r}; "
                f"give a value of type {type(default).__name__}, such as {default!r}"
            )
        if name in ALLOWED and value not in ALLOWED[name]:
            raise InputError(
                f"{path.name}: parameter '{name}' is {value!r}; use {_listed(ALLOWED[name])}"
            )


def _listed(values: Sequence[Any]) -> str:
    if isinstance(values, range):
        return f"a number from {values[0]} to {values[-1]}"
    return f"one of {', '.join(values)}"


def parse_parameters(assignments: list[str], option: str = "--set") -> dict[str, Any]:
    """Parameters from the NAME=VALUE texts of `option`; values that are Python literals are parsed.

    Raises InputError if a text does not have this form.
    """

    def is_path(name: str) -> bool:
        return option == "--set" and name in PATHS

    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"{option} {assignment}: not an assignment; write it as NAME=VALUE")
        values[name] = _absolute(name, text) if is_path(name) else _literal(text)
    return values


def _absolute(name: str, text: str) -> str:
    """The paths of a parameter from the folder in which they were typed, separated by commas.

    The notebook runs in a folder of its own. Raises InputError if there is no such file.
    """
    paths = listed_paths(text) if name == "labels" else [text]
    for path in filter(None, paths):
        if not Path(path).exists():
            raise InputError(
                f"--set {name}={text}: there is no {Path(path).absolute()}; give a path from the "
                "folder in which you type the command"
            )
    return ",".join(str(Path(path).absolute()) for path in paths if path)


def _literal(text: str) -> Any:
    try:
        return literal_eval(text)
    # {[]: 1} raises TypeError; thousands of brackets or signs raise MemoryError or RecursionError.
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text


def notebook_key(path: Path, values: dict[str, Any], inputs: dict[str, Any]) -> str:
    """Hash of all that an executed notebook depends on.

    This is its source, the parameter `values`, the package, the versions of dependencies and
    `inputs`.
    """
    folders = (REPOSITORY / "guidednet", NOTEBOOKS)
    package = sorted(
        file
        for folder in folders
        for ending in ("*.py", "*.csv", "*.j2", "*.css")
        for file in folder.rglob(ending)
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
    """A notebook with its parameter values, the folder of its executed copy, and its output files.

    `inputs` are the run keys and data fingerprints that the notebook reads; if they change, it is
    executed again.
    """

    name: str
    values: dict[str, Any]
    folder: Path
    inputs: dict[str, Any]
    outputs: tuple[Path, ...] = ()

    @property
    def executed(self) -> Path:
        """Path of the executed copy."""
        return self.folder / source(self.name).name

    @property
    def stamp(self) -> Path:
        """Path of the file with the executed copy's key and duration; it is written last."""
        return self.executed.with_suffix(".json")

    def key(self) -> str:
        """Hash of everything that the executed copy depends on."""
        return notebook_key(source(self.name), self.values, self.inputs)

    def is_done(self) -> bool:
        """Whether an executed copy with the same key and all its outputs exists."""
        files = [self.executed, self.executed.with_suffix(".html"), self.stamp, *self.outputs]
        return (
            all(file.exists() for file in files) and read_json(self.stamp).get("key") == self.key()
        )


def execute(execution: Execution, again: bool = True) -> str:
    """Execute a notebook, write its HTML page beside the executed copy, and return its name.

    A lock makes concurrent calls wait for each other; without `again`, an up-to-date copy is kept.
    Raises InputError for bad parameters, and NotebookError if a cell fails; the executed copy up to
    that cell is kept as <name>.failed.ipynb.
    """
    path = source(execution.name)
    check_parameters(path, execution.values)
    lock = execution.folder / f"{path.stem}.lock"
    with told_of_locks(lock):
        execution.folder.mkdir(parents=True, exist_ok=True)
    with locked(lock):
        if again or not execution.is_done():
            _execute(execution, path)
    return execution.name


def _execute(execution: Execution, path: Path) -> None:
    execution.stamp.unlink(missing_ok=True)
    unfinished = execution.folder / f"{path.stem}.failed.ipynb"
    started = time.monotonic()
    try:
        _run(path, unfinished, execution.values)
    except NotebookError:
        without_paths(unfinished)
        raise
    without_widgets(unfinished)
    without_paths(unfinished)
    unfinished.replace(execution.executed)
    write_notebook_page(execution.executed)
    write_json(execution.stamp, {"key": execution.key(), "seconds": time.monotonic() - started})


def _run(path: Path, target: Path, values: dict[str, Any]) -> None:
    """Run Papermill in the notebook's own folder, as JupyterLab does."""
    # Prefer this Python's kernel to any that the user has installed under the same name.
    os.environ["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")
    # Use socket files in a separate folder: kernels that start at once could get the same port.
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
            raise NotebookError(f"{path.name} failed; see {target}: {_last_line(error)}") from error


def without_widgets(executed: Path) -> None:
    """Replace each widget of an executed notebook with its static picture, or a line of text.

    A widget without its kernel shows as an empty box.
    """
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("widgets", None)
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if WIDGET in output.get("data", {}):
            picture = {name: output.data[name] for name in (PICTURE,) if name in output.data}
            output.data = nbformat.from_dict({"text/plain": STATIC} | picture)
    write_text(executed, nbformat.writes(notebook) + "\n")


def without_paths(executed: Path) -> None:
    """Remove this machine's paths, which Papermill records, because executed copies are shared."""
    notebook = nbformat.read(executed, as_version=4)
    for name in ("input_path", "output_path"):
        notebook.metadata.papermill.pop(name, None)
    write_text(executed, nbformat.writes(notebook) + "\n")


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]


def title(path: Path) -> str:
    """The first heading of a notebook."""
    return notebook_title(nbformat.read(path, as_version=4))

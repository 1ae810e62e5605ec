"""Train a run again from its record, also one that no row of a table names."""

from pathlib import Path

from guidednet.config import RunConfig
from guidednet.errors import InputError
from guidednet.runs.model_file import settings_of
from guidednet.runs.record import Run, read_record
from guidednet.runs.store import RunStore
from guidednet.runs.verify import as_recorded, changed_code
from guidednet.support.files import file_hash
from guidednet.support.progress import tell

# Parts of a key that a record's data determine; the code may have changed meanwhile.
OF_THE_DATA = ("data", "split", "labels")
COMPARED = ("weights.pt", "weights_last.pt", "curves.csv", "scores.csv")


def recorded_config(folder: Path) -> RunConfig:
    """The configuration of the finished run in `folder`, whose data set becomes known.

    Raises InputError if the folder holds no finished run, or one of another version.
    """
    return settings_of(read_record(folder), folder / "record.json")[0]


def recorded_profile(folder: Path, otherwise: str) -> str:
    """The profile that made the data of a run; `otherwise` for records of older versions."""
    return read_record(folder).get("profile", otherwise)


def train_again(folder: Path, runs: RunStore) -> Run:
    """Train the run that `folder` records anew, in the workspace of `runs`.

    One sentence says so if the code has changed since. Raises InputError if the data there are not
    those of the record, or if the run to be made is the recorded one itself.
    """
    record, config = read_record(folder), recorded_config(folder)
    if config.dataset not in runs.workspace.profile.data:
        raise InputError(
            f"{folder / 'record.json'}: its data set '{config.dataset}' is not here; give the "
            "folder of its description as --dataset, or the folder of real data as --data-root"
        )
    parts = as_recorded(runs.identity.key_parts(config))
    if differ := [name for name in OF_THE_DATA if parts[name] != record.get(name)]:
        raise InputError(
            f"{folder / 'record.json'}: its {' and '.join(differ)} are not those found here; give "
            "its --profile, its --data-root or its --dataset"
        )
    if runs.identity.folder(config).resolve() == folder.resolve():
        raise InputError(f"{folder}: this run itself would be read; give another --results")
    if changed := changed_code(record):
        tell(
            f"{folder}: the code has changed since ({', '.join(changed)}), so that the weights may "
            "differ"
        )
    return runs.get(config)


def compared(run: Run, folder: Path) -> dict[str, str]:
    """Whether the results of `run` are the same bytes as those in `folder`, by file."""
    return {
        name: "the same bytes"
        if file_hash(run.folder / name) == file_hash(folder / name)
        else "differs"
        for name in COMPARED
        if (run.folder / name).is_file() and (folder / name).is_file()
    }

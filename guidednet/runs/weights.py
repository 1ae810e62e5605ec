"""Whether weights are those that a run was recorded with: their SHA-256 stands in its record."""

import functools
from pathlib import Path

from guidednet.errors import InputError
from guidednet.support.files import file_hash, read_json
from guidednet.support.progress import tell


def weight_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file of weights in a run folder, by its path there."""
    files = (*folder.glob("weights*.pt"), *folder.glob("kept/*.pt"))
    return {path.relative_to(folder).as_posix(): file_hash(path) for path in sorted(files)}


def check_weights(path: Path) -> None:
    """Raise InputError if the weights at `path` are not those of the run that they lie with.

    Weights of a run that is not finished have no record yet. For a record of an older version,
    which has no hash, one sentence says that nothing can be checked.
    """
    folder = path.parent.parent if path.parent.name == "kept" else path.parent
    if not (folder / "record.json").is_file():
        return
    recorded = read_json(folder / "record.json").get("weights")
    if recorded is None:
        _say_unknown(folder)
    elif file_hash(path) != recorded.get(path.relative_to(folder).as_posix()):
        raise InputError(
            f"{path}: these are not the weights that the run was recorded with; restore them, or "
            "delete the run's folder to train it again"
        )


@functools.cache
def _say_unknown(folder: Path) -> None:
    """Say once that a record has no hash."""
    tell(
        f"{folder}: its record has no hash of its weights, as an older version wrote it, so that "
        "weights of another run would not be noticed"
    )

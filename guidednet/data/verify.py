"""Compare a case store, and the raw files it was prepared from, with the recorded hashes."""

from dataclasses import dataclass
from pathlib import Path

from guidednet.data.case_store import CaseStore
from guidednet.data.layouts import RawCase, find_cases, label_hash
from guidednet.errors import InputError, input_error
from guidednet.processes.workers import in_parallel
from guidednet.support.files import file_hash, read_json
from guidednet.support.progress import Progress, silent

HASHES = ("image_sha256", "label_sha256", "prepared_image_sha256", "prepared_label_sha256")


@dataclass(frozen=True)
class Recorded:
    """The hashes of one case in cases.csv.

    `hashes` gives them by column; `files` gives the hash that each path should have.
    """

    folder: Path
    hashes: dict[str, str]
    files: dict[Path, str]


def verify(
    raw_folder: Path,
    store_folder: Path,
    dataset: str,
    workers: int = 1,
    progress: Progress = silent,
) -> int:
    """Compare every file of `store_folder` and `raw_folder` with its recorded hash.

    Returns the number of files compared; writes nothing. Raises InputError, naming each file that
    is missing or has changed, or if `store_folder` is not a case store of `dataset`.
    """
    store = CaseStore(store_folder)
    if store.settings["dataset"] != dataset:
        raise InputError(
            f"{store_folder}: was prepared from {store.settings['dataset']}, not {dataset}; "
            "check --dataset"
        )
    rows = store.table[[*HASHES]].fillna("").to_dict("index")
    sources, faults = _sources(raw_folder, dataset, rows)
    cases = [
        _recorded(store_folder / "cases" / case_id, hashes, sources.get(case_id))
        for case_id, hashes in rows.items()
    ]
    for found in progress(in_parallel(_faults, cases, workers), len(cases)):
        faults += found
    if faults:
        raise input_error(
            sorted(faults),
            f"{store_folder}: {len(faults)} files or cases are missing or have changed since the "
            "cases were prepared:",
        )
    return sum(len(case.files) for case in cases)


def _sources(
    raw_folder: Path, dataset: str, rows: dict[str, dict[str, str]]
) -> tuple[dict[str, RawCase], list[str]]:
    """The raw cases by id, and a sentence for each case that is missing or has lost its label.

    If the raw folder cannot be used at all, the only fault is a sentence about that, and the case
    store is compared all the same. A raw case that is not in the case store is not a fault: a case
    store may contain only the cases that a training needs.
    """
    try:
        raw = {case.case_id: case for case in find_cases(raw_folder, dataset)}
    except InputError as error:
        return {}, [str(error)]
    faults = [f"{raw_folder}: case {name} is missing" for name in rows if name not in raw]
    unlabelled = [
        name
        for name, case in raw.items()
        if case.label is None and name in rows and rows[name]["label_sha256"]
    ]
    faults += [f"{raw_folder}: the label of case {name} is missing" for name in unlabelled]
    changed = [
        case
        for name, case in raw.items()
        if case.masks and name in rows and rows[name]["label_sha256"] != label_hash(case)
    ]
    return raw, faults + [f"{case.label}: the masks have changed since then" for case in changed]


def _recorded(folder: Path, hashes: dict[str, str], source: RawCase | None) -> Recorded:
    files = {
        folder / "image.npy": hashes["prepared_image_sha256"],
        folder / "label.npy": hashes["prepared_label_sha256"],
    }
    if source is not None:
        files[source.image] = hashes["image_sha256"]
    if source is not None and source.label is not None and not source.masks:
        files[source.label] = hashes["label_sha256"] or "none, as prepared without a label"
    return Recorded(
        folder, hashes, {path: recorded for path, recorded in files.items() if recorded}
    )


def _faults(case: Recorded) -> list[str]:
    """A sentence for each of a case's files that is missing or has changed."""
    faults = [
        f"{path}: {fault}"
        for path, recorded in case.files.items()
        if (fault := _fault(path, recorded))
    ]
    record = case.folder / "case.json"
    try:
        row = read_json(record)
    except (OSError, InputError):
        return [*faults, f"{record}: missing or damaged"]
    return (
        faults
        if case.hashes.items() <= row.items()
        else [*faults, f"{record}: differs from cases.csv"]
    )


def _fault(path: Path, recorded: str) -> str:
    """What is wrong with a file; empty if nothing is."""
    if not path.is_file():
        return "missing"
    try:
        return "" if file_hash(path) == recorded else "has changed since it was prepared"
    except OSError as error:
        return f"cannot be read ({error.strerror})"

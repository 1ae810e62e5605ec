"""A table with its runs as an RO-Crate 1.1: one folder that says what is in it (JSON-LD).

The runs are found by the keys in the table's column `run_keys`. https://w3id.org/ro/crate/1.1 has
the specification; its terms are those of schema.org.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from guidednet.errors import InputError
from guidednet.report.tables.table import RUN_KEYS
from guidednet.runs.record import read_record
from guidednet.runs.verify import verify
from guidednet.support.csv_files import read_csv
from guidednet.support.files import check_folder, file_hash, write_json

METADATA = "ro-crate-metadata.json"
# Of a run folder; weights only if they are asked for, since they are large.
OF_A_RUN = ("record.json", "scores.csv", "scores.json", "curves.csv")
KINDS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".tex": "application/x-tex",
    ".pt": "application/octet-stream",
    ".png": "image/png",
    ".pdf": "application/pdf",
}
SOFTWARE = "#guidednet"
LICENCE = "https://spdx.org/licenses/Apache-2.0"
PAPER = "https://arxiv.org/abs/2408.04914"

Entity = dict[str, Any]


def write_crate(table: Path, runs_folder: Path, output: Path, with_weights: bool = False) -> int:
    """Write the table in the CSV file `table` with its runs as a crate; returns how many runs.

    The table's other forms (Markdown, LaTeX, pictures of the same name) go with it. Raises
    InputError if the table names no runs, if one of them is not in `runs_folder` or is not as it
    was recorded, and if `output` is not empty.
    """
    keys = _keys(table)
    folders = [_folder_of(key, runs_folder) for key in keys]
    _refuse_changed(folders)
    check_folder(output)
    if output.is_dir() and any(output.iterdir()):
        raise InputError(f"{output}: is not empty; give a new folder")
    tables = sorted(path for path in table.parent.glob(f"{table.stem}.*") if path.suffix in KINDS)
    files = [_copied(path, output / path.name, output) for path in tables]
    runs = [_run(folder, output, with_weights) for folder in folders]
    commits = [str(read_record(folder).get("commit")) for folder in folders]
    of_runs = [entity for entities in runs for entity in entities]
    graph = [_about(), _root(table, files, runs), *files, *_named(commits), *of_runs]
    context = "https://w3id.org/ro/crate/1.1/context"
    write_json(output / METADATA, {"@context": context, "@graph": graph})
    return len(runs)


def _keys(table: Path) -> list[str]:
    """The keys of all runs behind a table, each once, in its order."""
    if RUN_KEYS not in read_csv(table, {"method": str}, nrows=0):
        raise InputError(
            f"{table}: has no column {RUN_KEYS}, as an older version wrote it; write it again"
        )
    lines = read_csv(table, {RUN_KEYS: str})  # a key of digits alone is no number
    found = [key for text in lines[RUN_KEYS].dropna() for key in text.split()]
    if not found:
        raise InputError(f"{table}: names no run; train its runs first")
    return list(dict.fromkeys(found))


def _folder_of(key: str, runs_folder: Path) -> Path:
    found = [path.parent for path in sorted(runs_folder.glob(f"*-{key}/record.json"))]
    if not found:
        raise InputError(f"{runs_folder}: has no run {key} of the table; give its --results")
    return found[0]


def _refuse_changed(folders: Iterable[Path]) -> None:
    for folder in folders:
        for finding in verify(folder):
            if finding.is_fault:
                raise InputError(f"{folder}: {finding.part} {finding.found}; restore it")


def _copied(source: Path, target: Path, crate: Path) -> Entity:
    """Copy a file into the crate; returns its entity."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return {
        "@id": target.relative_to(crate).as_posix(),
        "@type": "File",
        "name": source.name,
        "encodingFormat": KINDS[source.suffix],
        "contentSize": str(target.stat().st_size),
        "sha256": file_hash(target),
    }


def _run(folder: Path, crate: Path, with_weights: bool) -> list[Entity]:
    """Copy a run into the crate: its folder, the action that made it, and its files."""
    record = read_record(folder)
    names = [*OF_A_RUN, *(sorted(record["weights"]) if with_weights else ())]
    files = [
        _copied(folder / name, crate / "runs" / folder.name / name, crate)
        for name in names
        if (folder / name).is_file()
    ]
    config, place = record["config"], f"runs/{folder.name}/"
    described = {
        "@id": place,
        "@type": "Dataset",
        "name": folder.name,
        "identifier": record["key"],
        "hasPart": _links(files),
    }
    made = {
        "@id": f"#{record['key']}",
        "@type": "CreateAction",
        "name": f"training of {config['method']} on {config['dataset']}, seed {config['seed']}",
        "instrument": {"@id": SOFTWARE},
        "result": {"@id": place},
        "endTime": record.get("finished"),
        "description": f"commit {record.get('commit')}, device {record.get('device')}, "
        f"data {record.get('data')}",
    }
    return [described, made, *files]


def _links(entities: Iterable[Entity]) -> list[Entity]:
    return [{"@id": entity["@id"]} for entity in entities]


def _about() -> Entity:
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }


def _root(table: Path, files: list[Entity], runs: list[list[Entity]]) -> Entity:
    """The crate itself; its date is that of the last run."""
    actions = [entities[1] for entities in runs]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{table.stem} and the runs behind it",
        "description": f"A table of the GuidedNet companion with the records, scores and curves of "
        f"its {len(runs)} runs. No scan of a patient is in it.",
        "datePublished": max(str(action["endTime"]) for action in actions)[:10],
        "license": {"@id": LICENCE},
        "citation": {"@id": PAPER},
        "hasPart": _links([*files, *(entities[0] for entities in runs)]),
        "mentions": _links(actions),
    }


def _named(commits: Iterable[str]) -> list[Entity]:
    """The software, its licence, and the paper."""
    paper = "GuidedNet: Semi-Supervised Multi-Organ Segmentation via Labeled Data Guide "
    return [
        {
            "@id": SOFTWARE,
            "@type": "SoftwareApplication",
            "name": "GuidedNet companion",
            "softwareVersion": " ".join(dict.fromkeys(commits)),
        },
        {"@id": LICENCE, "@type": "CreativeWork", "name": "Apache License 2.0"},
        {"@id": PAPER, "@type": "ScholarlyArticle", "name": f"{paper}Unlabeled Data"},
    ]

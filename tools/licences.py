"""The licence of every package of the lock file, as its own metadata names it.

    python -m tools.licences requirements.lock > figures/licences.md

prints them as a Markdown table, and ends with status 2 where a package is not installed. Only the
standard library is imported at module level, as in `tools.environment`.
"""

import importlib.metadata
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.environment import locked_versions

# Beginnings of names, SPDX's or those of PyPI's classifiers, which some packages use alone.
PERMISSIVE = re.compile(
    r"(?:0BSD|Apache|BSD|BSL-1\.0|CC0-1\.0|ISC|MIT|PSF|Python Software Foundation|Zlib)\b"
)
COPYLEFT = re.compile(r"\b(?:[AL]?GPL|MPL|EPL|EUPL|CDDL)\b|GNU|Mozilla", re.IGNORECASE)
HEAD = """# Licences of the packages in requirements.lock

{summary}

The licences are those that the packages' own metadata name; `python -m tools.licences requirements.lock` makes this table.
What packages bring along has licences of its own: numpy and scipy GNU's Fortran libraries (libgfortran: GPL with the exception for
runtime libraries; libquadmath: LGPL), torch, on a machine with an NVIDIA GPU, the CUDA libraries (NVIDIA's terms).
"""


@dataclass(frozen=True)
class Package:
    """A package of the lock and its licence."""

    name: str
    version: str
    licence: str

    @property
    def kind(self) -> str:
        """ "permissive", "copyleft", or "unknown", for a person to look at; of alternatives ("OR")
        one that is permissive will do.
        """
        if any(
            all(map(_is_permissive, re.split(" AND |; ", choice)))
            for choice in self.licence.split(" OR ")
        ):
            return "permissive"
        return "copyleft" if COPYLEFT.search(self.licence) else "unknown"


def packages(lock: Path) -> list[Package]:
    """The packages of a lock file in its order; raises PackageNotFoundError for one that is not
    installed.
    """
    return [
        Package(name, version, licence(importlib.metadata.metadata(name)))
        for name, version in locked_versions(lock).items()
    ]


def licence(metadata: importlib.metadata.PackageMetadata) -> str:
    """The licence as an SPDX expression where the metadata has one, else its classifiers, else the
    first line of its free text.
    """
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [
        text for text in metadata.get_all("Classifier") or () if text.startswith("License :: ")
    ]
    return (
        "; ".join(text.rpartition(" :: ")[2] for text in classifiers)
        or metadata.get("License", "not named").strip().partition("\n")[0]
    )


def summary(found: Sequence[Package]) -> str:
    """One sentence: how many packages of each kind, and the names of those that are not permissive."""
    names = {
        kind: [package.name for package in found if package.kind == kind]
        for kind in ("copyleft", "unknown")
    }
    others = "; ".join(
        f"{kind}: {', '.join(of_kind)}" for kind, of_kind in names.items() if of_kind
    )
    permissive = len(found) - sum(map(len, names.values()))
    return f"Of {len(found)} packages {permissive} have a permissive licence{f'; {others}' if others else ''}."


def table(found: Sequence[Package]) -> str:
    """The Markdown text of figures/licences.md."""
    lines = [
        f"| {package.name} | {package.version} | {package.licence} | {package.kind} |"
        for package in found
    ]
    head = HEAD.format(summary=summary(found))
    return "\n".join(
        [head, "| package | version | licence | kind |", "| --- | --- | --- | --- |", *lines]
    )


def main() -> int:
    """Print the table of the lock file given as the only argument."""
    try:
        print(table(packages(Path(sys.argv[1]))))
    except importlib.metadata.PackageNotFoundError as error:
        print(
            f"{sys.argv[1]}: {error.name} is not installed; run bash reproduce.sh setup first",
            file=sys.stderr,
        )
        return 2
    return 0


def _is_permissive(name: str) -> bool:
    return PERMISSIVE.match(name) is not None and COPYLEFT.search(name) is None


if __name__ == "__main__":
    sys.exit(main())

"""The licence of every package in the lock file, according to its own metadata.

    python -m tools.licences requirements.lock > figures/licences.md

prints a Markdown table; it exits with status 2 if a package is not installed. Only the standard
library is imported at module level, as in `tools.environment`.
"""

import importlib.metadata
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.environment import locked_versions

# Beginnings of SPDX names, or of PyPI's classifiers for packages that have only those.
PERMISSIVE = re.compile(
    r"(?:0BSD|Apache|BSD|BSL-1\.0|CC0-1\.0|ISC|MIT|PSF|Python Software Foundation|Zlib)\b"
)
COPYLEFT = re.compile(r"\b(?:[AL]?GPL|MPL|EPL|EUPL|CDDL)\b|GNU|Mozilla", re.IGNORECASE)
HEAD = """# Licences of the packages in requirements.lock

{summary}

The licences are those that the packages' own metadata names;
`python -m tools.licences requirements.lock` makes this table.
Libraries that come with a package have their own licences: numpy and scipy bring GNU's Fortran
libraries (libgfortran: GPL with the exception for runtime libraries; libquadmath: LGPL); on a
machine with an NVIDIA GPU, torch brings the CUDA libraries (NVIDIA's terms).
"""


@dataclass(frozen=True)
class Package:
    """A package in the lock file and its licence."""

    name: str
    version: str
    licence: str

    @property
    def kind(self) -> str:
        """The kind of licence: "permissive", "copyleft" or, for a person to check, "unknown".

        Of alternatives ("OR"), one that is permissive is enough.
        """
        if any(
            all(map(_is_permissive, re.split(" AND |; ", choice)))
            for choice in self.licence.split(" OR ")
        ):
            return "permissive"
        return "copyleft" if COPYLEFT.search(self.licence) else "unknown"


def packages(lock: Path) -> list[Package]:
    """The packages in a lock file, in its order.

    Raises PackageNotFoundError if one is not installed.
    """
    return [
        Package(name, version, licence(importlib.metadata.metadata(name)))
        for name, version in locked_versions(lock).items()
    ]


def licence(metadata: importlib.metadata.PackageMetadata) -> str:
    """The licence in a package's metadata.

    It is the SPDX expression if there is one, else the classifiers, else the first line of the free
    text.
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
    """A sentence: how many packages are permissive, and the names of the others by kind."""
    names = {
        kind: [package.name for package in found if package.kind == kind]
        for kind in ("copyleft", "unknown")
    }
    others = "; ".join(
        f"{kind}: {', '.join(of_kind)}" for kind, of_kind in names.items() if of_kind
    )
    permissive = len(found) - sum(map(len, names.values()))
    return (
        f"Of {len(found)} packages, {permissive} have a permissive licence"
        f"{f'; {others}' if others else ''}."
    )


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
    """Print the table for the lock file given as the only argument."""
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

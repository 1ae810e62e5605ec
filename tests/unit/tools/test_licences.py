"""The committed table of licences is that of the lock."""

import re
from email.message import Message

import pytest

from helpers.paths import ROOT
from tools.environment import locked_versions
from tools.licences import Package, licence, packages

LOCK = ROOT / "requirements.lock"


def test_the_committed_table_lists_exactly_the_packages_of_the_lock():
    text = (ROOT / "figures" / "licences.md").read_text(encoding="utf-8")
    rows = [
        tuple(line.strip("| ").split(" | ")) for line in text.splitlines() if line.startswith("| ")
    ][2:]
    assert {row[0]: row[1] for row in rows} == locked_versions(LOCK), (
        "python -m tools.licences requirements.lock > figures/licences.md"
    )
    assert rows == [
        (package.name, package.version, package.licence, package.kind) for package in packages(LOCK)
    ]


def test_the_docs_name_every_package_that_is_not_permissive():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    section = page.partition("## Licences")[2]
    others = [package for package in packages(LOCK) if package.kind != "permissive"]
    assert (
        others
        and [package.name for package in others if not re.search(rf"\b{package.name}\b", section)]
        == []
    )
    assert [package.name for package in others if package.kind == "unknown"] == [], (
        "look at its licence"
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MIT", "permissive"),
        ("BSD-3-Clause AND 0BSD AND Zlib", "permissive"),
        ("Apache-2.0 WITH LLVM-exception", "permissive"),
        ("Python Software Foundation License", "permissive"),
        ("GPL-3.0-or-later OR MIT", "permissive"),
        ("MPL-2.0 AND MIT", "copyleft"),
        ("LGPL-2.1-or-later", "copyleft"),
        ("GNU General Public License v3 (GPLv3)", "copyleft"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "copyleft"),
        ("not named", "unknown"),
        ("Proprietary", "unknown"),
        ("MITRE terms", "unknown"),
    ],
)
def test_what_is_permissive(name, kind):
    assert Package("a", "1", name).kind == kind


def test_a_licence_is_read_from_expression_classifier_or_text_in_this_order():
    metadata = Message()
    assert licence(metadata) == "not named"
    metadata["License"] = "MIT License\n\nPermission is hereby ..."
    assert licence(metadata) == "MIT License"
    metadata["Classifier"] = "License :: OSI Approved :: BSD License"
    assert licence(metadata) == "BSD License"
    metadata["License-Expression"] = "MIT"
    assert licence(metadata) == "MIT"

"""The committed table of licences is that of the lock, and an audit that could not be made is not
taken for a good one.
"""

import json
import os
import re
import subprocess
import sys
from email.message import Message
from pathlib import Path

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


FINE = {"name": "numpy", "version": "2", "vulns": []}
WEAK = {
    "name": "pillow",
    "version": "1",
    "vulns": [
        {"id": "PYSEC-1", "fix_versions": ["1.1", "2"]},
        {"id": "PYSEC-2", "fix_versions": []},
    ],
}
SKIPPED = {"name": "torch", "skip_reason": "not found"}
NO_NETWORK = (
    "Traceback (most recent call last):\n  ...\nConnectionError: Failed to resolve 'pypi.org'"
)


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ([FINE], 0, "0 known vulnerabilities in 1 packages"),
        (
            [FINE, WEAK],
            1,
            "pillow 1: PYSEC-1, fixed in 1.1, 2\npillow 1: PYSEC-2, fixed in no version yet\n2 known",
        ),
        (
            [FINE, SKIPPED],
            2,
            "requirements.lock: 1 of its 2 packages could not be checked, such as torch",
        ),
        ([WEAK, SKIPPED], 2, "pillow 1: PYSEC-1"),
        (
            None,
            2,
            "its packages could not be checked (ConnectionError: Failed to resolve 'pypi.org'); the audit needs",
        ),
    ],
)
def test_an_audit_says_what_is_known_and_what_is_not(answer, status, said, tmp_path):
    output = (
        f"print({json.dumps({'dependencies': answer})!r})"
        if answer
        else f"raise SystemExit({NO_NETWORK!r})"
    )
    (tmp_path / "pip_audit.py").write_text(output, encoding="utf-8")
    path = {
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", ROOT / "reproduce.sh", "audit"],
        env=os.environ | path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status and said in done.stdout + done.stderr
    assert (
        re.match(r"Of \d+ packages, \d+ have a permissive licence", done.stdout)
        and "Traceback" not in done.stderr
    )
    assert done.stderr.count("\n") == (status == 2)

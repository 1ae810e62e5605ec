"""An audit that could not be made is not taken for a good one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.paths import ROOT

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

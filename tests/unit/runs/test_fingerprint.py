"""The hash of code sees numbers and not comments."""

import pytest

from guidednet.runs.fingerprint import code_hash, modules_reached


def test_code_hash_sees_numbers_and_not_comments():
    code = "def f(x):\n    return 2 * x\n"
    assert code_hash(code) == code_hash(
        '# why\ndef f(x):\n    """Doc."""\n    return (2 *  x)  # what\n'
    )
    assert code_hash(code) != code_hash(code.replace("2", "3"))


def test_code_hash_is_the_same_in_every_version_of_python():
    """The number was computed with Python 3.11, 3.12 and 3.13, whose trees have other fields."""
    code = "def f(a: int = 3) -> None:\n    return f'{a!r:>3}'"
    assert code_hash(code) == "fc15c97856876f3af258126018ab5c58c007c6c2439ab5b566c7c296204f914a"


@pytest.mark.parametrize("line", ["from user_parts import FACTOR", "import user_parts"])
def test_files_beside_a_users_method_are_in_the_key(line, tmp_path, monkeypatch):
    (tmp_path / "user_loss.py").write_text(f"import torch\n{line}\n")
    (tmp_path / "user_parts.py").write_text("FACTOR = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert modules_reached(["user_loss"], ("losses",)) == {"user_loss", "user_parts"}


def test_modules_of_a_users_package_are_in_the_key(tmp_path, monkeypatch):
    (tmp_path / "user_package").mkdir()
    for name, text in {
        "__init__": "",
        "loss": "import numpy\nfrom guidednet import losses\nfrom .parts import FACTOR\n",
        "parts": "FACTOR = 1\n",
    }.items():
        (tmp_path / "user_package" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    reached = modules_reached(["user_package.loss"], ("losses",))
    assert {"user_package.loss", "user_package.parts", "guidednet.losses"} <= reached
    assert not any(name.startswith(("numpy", "torch")) for name in reached)

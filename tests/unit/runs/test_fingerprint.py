"""The hash of code sees numbers and not comments."""

from guidednet.runs.fingerprint import code_hash


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

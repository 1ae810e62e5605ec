"""The hash of code sees numbers and not comments."""

from guidednet.runs.fingerprint import code_hash


def test_code_hash_sees_numbers_and_not_comments():
    code = "def f(x):\n    return 2 * x\n"
    assert code_hash(code) == code_hash(
        '# why\ndef f(x):\n    """Doc."""\n    return (2 *  x)  # what\n'
    )
    assert code_hash(code) != code_hash(code.replace("2", "3"))

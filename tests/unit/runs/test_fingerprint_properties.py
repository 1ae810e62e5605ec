"""What holds for the hash of any module of the package."""

import ast
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

import guidednet
from guidednet.runs.fingerprint import code_hash

SOURCES = [
    path.read_text(encoding="utf-8")
    for path in sorted(Path(guidednet.__file__).parent.glob("*.py"))
]
COMMENTS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")))


@given(st.sampled_from(SOURCES), COMMENTS, st.data())
def test_code_hash_is_blind_to_comments_and_layout(source, comment, data):
    lines = source.splitlines(keepends=True)
    lines.insert(data.draw(st.sampled_from(ast.parse(source).body)).end_lineno, f"# {comment}\n\n")
    assert (
        code_hash("".join(lines)) == code_hash(ast.unparse(ast.parse(source))) == code_hash(source)
    )


@given(st.sampled_from(SOURCES), st.data())
def test_code_hash_sees_every_number(source, data):
    tree = ast.parse(source)
    numbers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    ]
    assume(numbers)
    data.draw(st.sampled_from(numbers)).value += 1
    assert code_hash(ast.unparse(tree)) != code_hash(source)

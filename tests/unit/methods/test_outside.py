"""Methods from files, modules and installed packages; what is no method is refused in a sentence."""

import importlib
import sys

import pytest

from guidednet.errors import InputError
from guidednet.methods import METHODS, find_method, method_class, outside, use_variable
from guidednet.runs.profiles import profile
from guidednet.study.rows import table1

METHOD = """
from guidednet.methods.supervised import Supervised


class Mine(Supervised):
    label = "My own"
"""


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Takes back what was registered, imported or put on the path."""
    kept, modules = dict(METHODS), set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("EXTRA_METHODS", "")
    yield
    METHODS.clear()
    METHODS.update(kept)
    for name in set(sys.modules) - modules:
        if name.startswith("user_"):
            del sys.modules[name]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / f"user_{tmp_path.name.replace('-', '_')}.py"
    path.write_text(METHOD)
    return path


def test_a_class_of_a_file_is_a_method_of_its_name(file):
    assert find_method(f"{file}:Mine") == "Mine"
    assert method_class("Mine").label == "My own"
    assert find_method(f"{file}:Mine") == "Mine"  # again is no other method


def test_a_file_may_register_its_class_under_a_name_of_its_own(file):
    file.write_text(METHOD + "\n\nfrom guidednet.methods import METHODS\nMETHODS['mine'] = Mine\n")
    assert find_method(f"{file}:Mine") == "mine" and "Mine" not in METHODS


def test_a_module_that_can_be_imported(file, monkeypatch):
    monkeypatch.syspath_prepend(file.parent)
    assert find_method(f"{file.stem}:Mine") == "Mine"


def test_an_installed_package_offers_methods(file, monkeypatch):
    monkeypatch.syspath_prepend(file.parent)
    folder = file.parent / "offer-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: offer\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[guidednet.methods]\nmine = {file.stem}:Mine\n")
    importlib.invalidate_caches()
    assert method_class("mine").label == "My own"


def test_other_processes_get_the_whole_path(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    find_method(f"{file.name}:Mine")
    assert outside.os.environ["EXTRA_METHODS"] == f"{file.resolve()}:Mine"
    del METHODS["Mine"]
    monkeypatch.setenv("EXTRA_METHODS", f"{file.name}:Mine")
    use_variable()
    assert "Mine" in METHODS
    assert outside.os.environ["EXTRA_METHODS"] == f"{file.resolve()}:Mine"


@pytest.mark.parametrize(
    ("content", "text", "message"),
    [
        (METHOD, "{}", "the class is missing; write it as {}:ClassName"),
        (METHOD, "{}:Mein", "there is no class 'Mein' in it; it defines Mine"),
        ("class Mine: pass", "{}:Mine", "the class is no method; derive it from"),
        ("class Mine(", "{}:Mine", "cannot be imported (SyntaxError: "),
        ("import nothing_of_this_name", "{}:Mine", "No module named 'nothing_of_this_name'"),
        (METHOD + "    class Config:\n        pass\n", "{}:Mine", "write @dataclass(frozen=True)"),
        (METHOD.replace("My own", "CPS"), "{}:Mine", "its label 'CPS' is that of cps"),
        (METHOD.replace("Mine", "cps"), "{}:cps", "cps: there is another method of this name"),
    ],
)
def test_what_is_no_method_is_refused(content, text, message, file):
    file.write_text(content)
    with pytest.raises(InputError) as error:
        find_method(text.format(file))
    assert message.format(file) in str(error.value) and "\n" not in str(error.value)


def test_what_is_derived_from_a_method_of_the_paper_is_none_of_them(file):
    """Its row stands below theirs, under a name of its own, without their numbers beside it."""
    file.write_text(METHOD.replace('    label = "My own"', "    pass"))
    find_method(f"{file}:Mine")
    rows = [row.label for row in table1(profile("smoke"), 1)]
    assert rows.count("Sup only") == 1 and rows.index("Mine") > rows.index("GuidedNet")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        find_method(f"{tmp_path / 'none.py'}:Mine")


@pytest.mark.parametrize("name", ["random.py", "my-loss.py", "torch.py"])
def test_a_file_whose_name_python_cannot_import_or_would_take_for_another(name, tmp_path):
    (tmp_path / name).write_text(METHOD)
    with pytest.raises(InputError, match="its name cannot be imported, .*; rename the file"):
        find_method(f"{tmp_path / name}:Mine")

"""The lock, pyproject.toml and environment.yml say the same; an environment is judged by the lock."""

import ast
import sys
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.paths import ROOT
from tools.environment import differences, locked_versions

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_lock_satisfies_the_direct_dependencies():
    locked = {
        canonicalize_name(name): version
        for name, version in locked_versions(ROOT / "requirements.lock").items()
    }
    groups = PROJECT["optional-dependencies"]
    direct = [
        Requirement(line)
        for line in PROJECT["dependencies"]
        + groups["notebooks"]
        + groups["test"]
        + groups["cluster"]
    ]
    wrong = [
        str(need)
        for need in direct
        if locked.get(canonicalize_name(need.name)) not in need.specifier
    ]
    assert not wrong


def test_environment_yml_installs_the_lock_on_a_supported_python():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))[
        "dependencies"
    ]
    (pip,) = [entry["pip"] for entry in dependencies if isinstance(entry, dict)]
    assert pip == ["-r requirements.lock"]
    (python,) = [entry.split("=")[1] for entry in dependencies if str(entry).startswith("python=")]
    assert python in Requirement("python" + PROJECT["requires-python"]).specifier


def test_every_dependency_has_its_reason_in_the_docs():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    missing = [
        name
        for line in PROJECT["dependencies"]
        if f"| {(name := Requirement(line).name)} |" not in page
    ]
    assert not missing
    for group, lines in PROJECT["optional-dependencies"].items():
        (row,) = [row for row in page.splitlines() if row.startswith(f"| `{group}` |")]
        packages = row.split("|")[2].replace("(with Chromium)", "").replace(" ", "").split(",")
        assert set(packages) == {Requirement(line).name for line in lines}


def test_every_import_of_the_package_is_a_direct_dependency():
    brought_along = {
        "papermill": {"nbformat", "nbclient"},
        "jupyterlab": {"jupyter_server", "nbconvert", "IPython", "traitlets"},
        "matplotlib": {"PIL", "mpl_toolkits"},
        "scikit-image": {"skimage"},
        "torchio": {"SimpleITK"},
        "highdicom": {"pydicom"},
    }
    groups = PROJECT["optional-dependencies"]
    names = {
        Requirement(line).name
        for line in PROJECT["dependencies"]
        + groups["notebooks"]
        + groups["cluster"]
        + groups["export"]
    }
    allowed = names | {
        name for parent, children in brought_along.items() if parent in names for name in children
    }
    imported = set()
    for file in (ROOT / "guidednet").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
            elif isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
    assert imported - allowed - set(sys.stdlib_module_names) - {"guidednet"} == set()


def test_differences_name_package_and_versions(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("# a comment\nnumpy==0.1\nno-such-package==1.0\n")
    missing = "no-such-package: missing instead of 1.0"
    assert differences(lock)[1] == missing and differences(lock)[0].startswith("numpy: ")


def test_this_environment_satisfies_the_lock():
    assert not differences(ROOT / "requirements.lock")

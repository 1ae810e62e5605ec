"""The rooms of the package: a folder imports only folders below it, and nothing goes in a circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import guidednet
from guidednet.runs.fingerprint import imported_modules, modules_reached
from guidednet.runs.identity import EVALUATION_CODE, TRAINING_CODE

PACKAGE = Path(guidednet.__file__).parent
# From the ground up; those of one line know nothing of each other.
ORDER = (
    ("errors",),
    ("support",),
    ("processes",),
    ("networks", "inference", "optimiser"),
    ("data",),
    ("losses", "metrics"),
    ("cgmm", "ktcps", "published", "phantom"),
    ("methods",),
    ("config",),
    ("training",),
    ("evaluation",),
    ("runs",),
    ("predict", "study"),
    ("report",),
    ("exports", "reproduce"),
    ("cli",),
    ("__main__",),
)
FLOORS = {room: floor for floor, rooms in enumerate(ORDER) for room in rooms}
# What training imports without a weight depending on it: names, files, checks of what users give.
NOT_TRAINING = {
    *("config", "data.case_ids", "data.case_store", "data.datasets", "data.organs", "data.splits"),
    *("errors", "methods", "support"),
}


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
IMPORTS = {name: imported_modules(path.read_text("utf-8")) for name, path in MODULES.items()}


def room(module):
    return module.removeprefix("guidednet.").split(".")[0]


def test_every_room_has_a_floor():
    rooms = {room(name) for name in MODULES if name != "guidednet"}
    assert rooms == set(FLOORS)


def test_a_room_imports_only_rooms_below_it():
    upwards = [
        f"{name} -> {imported}"
        for name, found in IMPORTS.items()
        for imported in found
        if room(imported) != room(name) and FLOORS[room(imported)] >= FLOORS[room(name)]
    ]
    assert not upwards


def test_no_module_imports_itself_through_others():
    TopologicalSorter({name: found - {name} for name, found in IMPORTS.items()}).prepare()


def test_the_top_level_is_the_papers():
    assert len(list(PACKAGE.glob("*.py"))) <= 14


def test_imports_are_at_the_top_but_for_a_light_start():
    """Inside functions only the command line's actions import, and what is optional or heavy."""
    inside = {
        f"{name}: {ast.unparse(node)}"
        for name, path in MODULES.items()
        if room(name) != "cli"
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom | ast.Import)
    }
    assert {line for line in inside if "guidednet" in line.split(": ")[1]} == LIGHT_STARTS


# A machine that only trains has no NIfTI library, which making phantoms and preparing need.
LIGHT_STARTS = {
    "guidednet.runs.workspace: from guidednet.phantom import write_phantoms",
    "guidednet.runs.workspace: from guidednet.data.prepare import prepare, unlabelled_organs",
    "guidednet.runs.workspace: from guidednet.data.disk_space import needed_bytes",
}


def test_what_can_change_a_weight_is_in_the_key():
    """Whatever training reaches lies in a room of TRAINING_CODE, or is known not to matter."""
    everything = modules_reached(["guidednet.training.loop"], {room(name) for name in MODULES})
    in_key = modules_reached(["guidednet.training.loop"], TRAINING_CODE)
    outside = {name.removeprefix("guidednet.") for name in everything - in_key}
    unknown = [
        name for name in outside if not any(f"{name}.".startswith(f"{k}.") for k in NOT_TRAINING)
    ]
    assert not unknown


@pytest.mark.parametrize("rooms", [TRAINING_CODE, EVALUATION_CODE])
def test_the_rooms_of_the_key_exist(rooms):
    for name in rooms:
        assert f"guidednet.{name}" in MODULES


def test_a_module_of_which_only_a_constant_is_used_is_in_the_key():
    assert imported_modules("from guidednet.networks import INITIALISERS") == {"guidednet.networks"}
    assert imported_modules("def f():\n    from guidednet.cgmm import printed") == {
        "guidednet.cgmm.printed"
    }

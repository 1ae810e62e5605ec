"""What `import guidednet` offers, and where an installation without its repository writes."""

import os
import shutil
import subprocess
import sys

import pytest

import guidednet
from helpers.paths import ROOT

WITHOUT = """
import sys

class Missing:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ModuleNotFoundError("No module named " + name, name=name.split(".")[0])

sys.meta_path.insert(0, Missing)
"""


def python(code, blocked=(), **options):
    code = WITHOUT.replace("{blocked}", str(set(blocked))) + code if blocked else code
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, **options)


def test_every_public_name_is_there():
    for name in guidednet.__all__:
        assert getattr(guidednet, name) is not None
    assert {"RunStore", "UNet3D", "METHODS", "dice"} <= set(dir(guidednet))


def test_an_unknown_name_is_one_sentence():
    with pytest.raises(AttributeError, match="guidednet has no 'Runstore': use one of DATASETS, "):
        guidednet.Runstore  # noqa: B018


def test_the_door_opens_without_torch_until_a_name_needs_it():
    code = "import guidednet; print(guidednet.DATASETS['amos'].name); guidednet.UNet3D"
    done = python(code, blocked=("torch",), cwd=ROOT)
    assert done.stdout == "amos\n" and "No module named torch" in done.stderr


def test_a_command_without_its_optional_packages_names_them():
    code = "import guidednet.cli.parser as p; sys.argv = ['guidednet', 'reproduce']; exit(p.main())"
    done = python(code, blocked=("papermill",), cwd=ROOT)
    assert done.returncode == 2
    sentence = (
        "guidednet: this command needs the package papermill; pip install 'guidednet[notebooks]'"
    )
    assert done.stderr == f"{sentence}\n"


def test_without_its_repository_results_go_to_the_current_folder(tmp_path):
    """Never into the folder of installed packages."""
    shutil.copytree(ROOT / "guidednet", tmp_path / "site" / "guidednet")
    here = tmp_path / "here"
    here.mkdir()
    code = "import guidednet; w = guidednet.open_workspace('smoke'); print(w.results, w.figures)"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    for name in ("RESULTS_DIR", "FIGURES_DIR", "DATA_DIR"):
        environment.pop(name, None)
    done = python(code, cwd=here, env=environment)
    assert done.stdout.split() == [str(here / "results"), str(here / "figures")], done.stderr

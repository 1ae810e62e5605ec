"""guidednet config, and what the options of settings do to a command's run, without training."""

import json
from argparse import Namespace

import pytest

from guidednet.cli.options import asked_for
from guidednet.cli.parser import parser
from guidednet.errors import InputError
from helpers.command_line import call


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("RESULTS_DIR", str(tmp_path / "results"))


def wanted(*words) -> Namespace:
    """The run that `guidednet train WORDS` asks for."""
    return asked_for(parser().parse_args(["train", "--profile", "smoke", *map(str, words)]))[1]


def test_config_prints_what_set_takes(monkeypatch, capsys):
    change = "optimiser.learning_rate=0.03"
    assert (
        call(monkeypatch, "config", "--method", "cps", "--profile", "smoke", "--set", change) == 0
    )
    printed = capsys.readouterr().out
    assert f"\n{change}\n" in printed and "\nbatch.crop=16,16,16\n" in printed
    texts = [line for line in printed.splitlines() if line and not line.startswith(" ")]
    own = ("dataset=", "method=", "seed=", "n_labelled=", "n_unlabelled=", "partition=")
    settable = [word for line in texts if not line.startswith(own) for word in ("--set", line)]
    assert wanted("--method", "cps", *settable) == wanted("--method", "cps", "--set", change)


def test_what_config_writes_is_a_file_for_config(monkeypatch, tmp_path):
    words = ("--method", "guidednet", "--seed", "3", "--set", "options.lambda_g=0.2")
    path = tmp_path / "my.json"
    assert call(monkeypatch, "config", "--profile", "smoke", "-o", path, *words) == 0
    assert wanted("--config", path) == wanted(*words)
    assert wanted("--config", path, "--seed", 4, "--set", "options.lambda_g=0.4") == wanted(
        "--method", "guidednet", "--seed", 4, "--set", "options.lambda_g=0.4"
    )


def test_the_cases_of_a_file_hold_unless_an_option_gives_others(tmp_path):
    path = tmp_path / "my.json"
    path.write_text(json.dumps({"method": "cps", "n_labelled": 1, "n_unlabelled": 3}))
    assert wanted("--config", path).n_unlabelled == 3
    assert wanted("--config", path, "--ratio", 50).n_unlabelled == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no method is given; use --method NAME, or --config FILE that names one"),
        (("--config", "FILE", "--method", "cps"), "the method is given twice, as dhc here"),
        (("--config", "NONE", "--method", "cps"), "there is no such file"),
        (
            ("--method", "cps", "--steps", "5", "--set", "training.steps=6"),
            "training.steps: given twice, because --steps gives it too",
        ),
        (("--config", "FILE", "--set", "options.lambda_g=1"), "it is an option of guidednet"),
    ],
)
def test_a_mistake_is_one_sentence(words, message, tmp_path):
    (tmp_path / "FILE").write_text('{"method": "dhc"}')
    placed = [tmp_path / word if word in ("FILE", "NONE") else word for word in words]
    with pytest.raises(InputError) as error:
        wanted(*placed)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_sweep_needs_several_values(monkeypatch, capsys):
    options = ("--method", "cps", "--profile", "smoke", "--set", "options.weight=1")
    assert call(monkeypatch, "sweep", *options) == 2
    assert "no field has several values" in capsys.readouterr().err

"""An error of the processes that share a training is raised where it was started."""

import dataclasses

import pytest

from guidednet.errors import NonFiniteLossError
from guidednet.runs.store import RunStore
from helpers.tiny_runs import TinyWorkspace, tiny_config


def test_an_error_of_the_workers_is_raised_here(tmp_path, capfd):
    config = tiny_config("supervised", checkpoint_every=1)
    config = dataclasses.replace(
        config, optimiser=dataclasses.replace(config.optimiser, learning_rate=float("inf"))
    )
    with pytest.raises(NonFiniteLossError, match="loss term"):
        RunStore(TinyWorkspace(tmp_path), processes=2).get(config)
    assert "Traceback" not in capfd.readouterr().err

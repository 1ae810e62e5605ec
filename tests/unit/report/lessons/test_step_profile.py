"""The profile of a training step says where its time goes."""

from guidednet.report.lessons.step_profile import step_profile
from guidednet.runs.store import RunStore
from helpers.tiny_runs import TinyWorkspace, tiny_config


def test_most_of_a_step_is_convolution(tmp_path, capfd):
    seconds = step_profile(RunStore(TinyWorkspace(tmp_path)), tiny_config("cps"), steps=1)
    assert {"convolution, forward", "convolution, backward"} <= set(seconds.index) and (
        seconds >= 0
    ).all()
    assert seconds.is_monotonic_decreasing
    assert "USDT" not in capfd.readouterr().err, "the profiler talks in the notebook"

"""A step's operations by their time."""

from tools.profile_step import main


def test_the_operations_of_a_step_are_listed(capsys):
    main(["guidednet", "--profile", "smoke", "--rows", "60"])
    printed = capsys.readouterr().out
    assert printed.startswith("guidednet, smoke, ")
    assert "convolution_backward" in printed and "aten::bmm" in printed

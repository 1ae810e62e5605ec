"""The command line, called in this process."""

import sys

from guidednet.cli.parser import main


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["guidednet", *map(str, arguments)])
    return main()


def call_prepare(monkeypatch, *arguments):
    return call(monkeypatch, "prepare", *arguments, "--dataset", "flare22", "--workers", 1)

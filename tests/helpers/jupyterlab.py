"""JupyterLab as reproduce.sh starts it, with a user's configuration that lets everybody in."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil

from helpers.paths import ROOT

PATIENCE = 120  # seconds: a busy machine starts it slowly
OPEN = "c = get_config()\nc.ServerApp.ip = '0.0.0.0'\nc.IdentityProvider.token = ''\nc.ServerApp.token = ''\n"


@contextmanager
def lab_starter(folder):
    """A function that starts `reproduce.sh lab OPTIONS` where the user's own configuration is open;
    returns the process and what it says of itself. At the end it is stopped.
    """
    servers = []

    def start(*options):
        (folder / "config").mkdir()
        for name in ("jupyter_config.py", "jupyter_server_config.py", "jupyter_lab_config.py"):
            (folder / "config" / name).write_text(OPEN, encoding="utf-8")
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        folders = {
            f"JUPYTER_{name.upper()}_DIR": str(folder / name)
            for name in ("config", "runtime", "data")
        }
        command = [
            "bash",
            ROOT / "reproduce.sh",
            "lab",
            "--no-browser",
            "--allow-root",
            f"--port={free_port()}",
            *options,
        ]
        environment = os.environ | folders | {"PATH": path}
        with (folder / "lab.log").open("w") as log:
            servers.append(
                subprocess.Popen(
                    command, env=environment, stdout=log, stderr=log, start_new_session=True
                )
            )
        return servers[0].pid, said_of_itself(folder, servers[0])

    try:
        yield start
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(PATIENCE)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def said_of_itself(folder, server):
    """The note that a running server keeps for its user: its address and its token."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        for note in (folder / "runtime").glob("jpserver-*.json"):
            about = json.loads(note.read_text(encoding="utf-8"))
            if status(f"{about['url']}login") == 200:
                return about
        time.sleep(0.2)
    raise AssertionError((folder / "lab.log").read_text())


def status(address):
    """The HTTP status of `address`, redirections followed; None where nobody answers."""
    try:
        with urlopen(address, timeout=PATIENCE) as answer:
            return answer.status
    except HTTPError as error:
        return error.code
    except OSError:
        return None


def listening(process):
    """The addresses on which a process and its children accept connections."""
    everyone = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    found = [connection for one in everyone for connection in one.net_connections("inet")]
    return {connection.laddr.ip for connection in found if connection.status == psutil.CONN_LISTEN}

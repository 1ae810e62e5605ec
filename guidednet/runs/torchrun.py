"""Train one run with several processes of one or more machines: torchrun starts them.

`launch` starts torchrun as a separate process, so that the calling process, such as a notebook's
kernel, never touches a GPU. If a worker is lost, torchrun restarts all of them and training goes on
from the last checkpoint. If torchrun is started by hand, for instance on several nodes, `torchrun
... -m guidednet train ...` calls `work` without `launch`.

The request, and an error that results from it, pass between the two as pickles, which can do
anything to their reader. They lie in a folder that `launch` creates for them, that no other user
may enter (mode 0700), and that is removed afterwards.
"""

import codecs
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import torch
import torch.distributed as dist

from guidednet.config import RunConfig
from guidednet.errors import FailedError, InputError, RunFailedError
from guidednet.processes.distributed import rank
from guidednet.processes.workers import cores, end_with
from guidednet.runs.identity import RunIdentity
from guidednet.runs.make import RunMaker
from guidednet.runs.record import Run, read_run
from guidednet.runs.workspace import Workspace
from guidednet.support.files import write_bytes
from guidednet.support.locks import locked
from guidednet.support.progress import bar
from guidednet.support.registry import add, additions

STARTED_BY = "GUIDEDNET_STARTED_BY"  # the process that workers must not outlive
RESTARTS = 3
# covers the slowest thing that one process does while the others wait: a test case
PATIENCE = timedelta(minutes=30)
# How long a worker waits to connect with the others. If one does not come, all of them end and
# torchrun restarts them.
MEETING = timedelta(minutes=2)


def is_worker() -> bool:
    """Whether torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def work(workspace: Workspace, config: RunConfig, on_gpu: bool) -> Run | None:
    """Do this worker's part of the run of `config`: data, training, scores.

    Returns the run on the first worker, None on the others.
    """
    workspace.runs_folder.mkdir(parents=True, exist_ok=True)
    # one worker at a time, so that the first one prepares what is missing
    with locked(workspace.runs_folder / "lock"):
        workspace.split(config.dataset, config.n_labelled, config.n_unlabelled)
    with process_group(on_gpu) as device:
        identity = RunIdentity(workspace)
        RunMaker(identity, device, bar).make(config)
        if rank() != 0:
            return None
        return read_run(config, identity.folder(config), identity.key(config))


@contextmanager
def process_group(on_gpu: bool) -> Iterator[torch.device]:
    """Connect torchrun's workers (gloo on CPUs, nccl on GPUs) for the duration of the block.

    Yields this worker's device. Raises InputError if there are more workers than GPUs on this
    machine.
    """
    device = torch.device("cpu")
    if on_gpu:
        local_rank, found = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if local_rank >= found:
            raise InputError(
                f"torchrun started {os.environ['LOCAL_WORLD_SIZE']} processes on {found} GPUs; "
                f"use --nproc_per_node={found}"
            )
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    dist.init_process_group(
        "nccl" if on_gpu else "gloo", timeout=MEETING, device_id=device if on_gpu else None
    )
    dist.distributed_c10d._set_pg_timeout(PATIENCE)  # torch has no public function for it
    yield device
    # not after an error, because it would wait for the others, which torchrun ends
    dist.destroy_process_group()


def launch(workspace: Workspace, config: RunConfig, on_gpu: bool, processes: int) -> None:
    """Train, score and record the run of `config` with `processes` processes of this machine.

    Their output goes to stderr. Raises the InputError or FailedError that the training raised, and
    FailedError if workers were lost too often.
    """
    with TemporaryDirectory(prefix="guidednet-") as folder:
        request = Path(folder) / "request"
        request.write_bytes(pickle.dumps((additions(), workspace, config, on_gpu)))
        status = _run_torchrun(request, processes, on_gpu)
        if (failure := _failure_path(request)).exists():
            raise pickle.loads(failure.read_bytes())
        if status != 0:
            raise RunFailedError(
                f"the training on {processes} processes ended with status {status}, see above; "
                "the same call goes on with it"
            )


def _run_torchrun(request: Path, processes: int, on_gpu: bool) -> int:
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        f"--nproc_per_node={processes}",
    ]
    command += [f"--max-restarts={RESTARTS}", "-m", __name__, str(request)]
    terminal = shutil.get_terminal_size()
    environment = os.environ | {
        # workers then import from where this process does
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OMP_NUM_THREADS": str(max(cores() // processes, 1) if on_gpu else 1),
        "COLUMNS": str(terminal.columns),
        "LINES": str(terminal.lines),
        # restarted workers may otherwise find the addresses of lost ones, and connect with nobody
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        STARTED_BY: str(os.getpid()),
    }
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as torchrun:
        try:
            _forward(torchrun.stdout)
        finally:
            torchrun.terminate()  # no effect if it has ended
    return torchrun.returncode


def _forward(output: BinaryIO) -> None:
    """Write `output` to stderr as it comes, so that progress bars move in notebooks too."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    while chunk := output.read1():
        sys.stderr.write(decoder.decode(chunk))
        sys.stderr.flush()


def _failure_path(request: Path) -> Path:
    return request.with_name("failure")


def main() -> None:
    """Run in each worker: do its part of the run that the file in argv[1] requests.

    An error that another attempt would meet again is left for `launch` beside that file. Status 1
    lets torchrun end the other workers, which may not have met the error; those that it starts next
    find the error and do nothing.
    """
    end_with(int(os.environ[STARTED_BY]))
    request = Path(sys.argv[1])
    if _failure_path(request).exists():
        return
    added, workspace, config, on_gpu = pickle.loads(request.read_bytes())
    add(added)
    try:
        work(workspace, config, on_gpu)
    except (InputError, FailedError) as error:
        write_bytes(_failure_path(request), pickle.dumps(error))
        sys.exit(1)


if __name__ == "__main__":
    main()

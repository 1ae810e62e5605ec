"""Two processes compute what one computes; a lost one costs nothing; the notebook's process only
waits.
"""

import contextlib
import dataclasses
import functools
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from guidednet.cgmm.config import CGMMConfig
from guidednet.data.sampling import Batch, BatchConfig, BatchDataset
from guidednet.errors import InputError
from guidednet.ktcps import KTCPSConfig
from guidednet.methods import METHODS
from guidednet.methods.ad_mt import ADMTConfig
from guidednet.methods.cld import CLDConfig
from guidednet.methods.depl import DePLConfig
from guidednet.methods.fixmatch import FixMatchConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.methods.magicnet import MagicNetConfig
from guidednet.methods.noisy_student import NoisyStudentConfig
from guidednet.networks import NetworkConfig
from guidednet.optimiser import set_learning_rate, update
from guidednet.processes import distributed
from guidednet.runs.store import RunStore
from guidednet.training.loop import make_method, train
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import KilledError, TinyWorkspace, killed_after, result_bytes, tiny_config
from helpers.two_processes import meet

# what three steps would not reach
OPTIONS = {
    "cld": CLDConfig(window=2),
    "magicnet": MagicNetConfig(warm_up=0, window=2),
    "noisy_student": NoisyStudentConfig(teacher_share=0.2, threshold=0.0),
    "fixmatch": FixMatchConfig(threshold=0.0, views=2),
    "ad_mt": ADMTConfig(threshold=0.0, period=1),
    "depl": DePLConfig(threshold=0.0),
}
CASES = {name: (name, OPTIONS.get(name)) for name in METHODS} | {
    "guidednet, official": ("guidednet", GuidedNetConfig.official()),
    "guidednet, per image": ("guidednet", GuidedNetConfig(cgmm=CGMMConfig(centroids="image"))),
    "guidednet, diagonal": (
        "guidednet",
        GuidedNetConfig(
            cgmm=CGMMConfig(density="diagonal", prior="counts", sigma_floor=0.1, min_count=5),
            ktcps=KTCPSConfig(background="present"),
        ),
    ),
    "guidednet, layer 1": ("guidednet", GuidedNetConfig(feature_layer=1)),
    "guidednet, in parts": ("guidednet", None),
}
EVEN, UNEVEN = 2, 3  # rows of either stream, shared by two processes
KILLED = tiny_config("guidednet", steps=24, checkpoint_every=4, validate_every=10)


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """The folder in which two gloo processes left what they trained; one start of Python for all
    tests.
    """
    folder = tmp_path_factory.mktemp("two")
    torch.multiprocessing.spawn(work_of_one, (folder,), nprocs=2)
    return folder


def work_of_one(rank, folder):
    torch.set_num_threads(1)
    meet(folder, rank)
    results = {(name, rows): three_steps(name, rows) for name in CASES for rows in (EVEN, UNEVEN)}
    own = {name: three_steps(name, EVEN, distributed.own_sums) for name in CASES}
    torch.save({"results": results, "own": own, "draws": draws()}, folder / f"{rank}.pt")
    for method in METHODS:
        train(tiny_config(method), BlobStore(), SPLIT, folder / "whole" / method)
        with contextlib.suppress(KilledError):
            train(
                tiny_config(method),
                BlobStore(),
                SPLIT,
                folder / "parts" / method,
                progress=killed_after(3),
            )
        train(tiny_config(method), BlobStore(), SPLIT, folder / "parts" / method)
    train(KILLED, BlobStore(), SPLIT, folder / "uninterrupted")
    dist.destroy_process_group()


def three_steps(name, rows, sums=contextlib.nullcontext):
    """Parameters and buffers after three steps in float64 without dropout or noise, of this
    process's rows of the batch.
    """
    method_name, options = CASES[name]
    config = tiny_config(method_name, options)
    batch_config = BatchConfig(labelled=rows, unlabelled=rows, crop=config.batch.crop)
    config = dataclasses.replace(
        config, network=NetworkConfig(width=2, depth=3, dropout=0.0), batch=batch_config
    )
    torch.set_default_dtype(torch.float64)
    with without_noise(keep_rand=method_name == "magicnet"), sums():
        method = make_method(config, BlobStore().class_voxels(SPLIT.labelled)).double().train()
        for module in method.modules():
            if isinstance(module, torch.nn.Dropout3d):
                module.p = 0.0
        for network in method.networks().values() if name.endswith("in parts") else ():
            network.parts = distributed.world_size()  # two in each of two processes, one in one
        torch.manual_seed(0)
        shares = distributed.rank(), distributed.world_size()
        dataset = BatchDataset(
            BlobStore(), SPLIT.labelled, SPLIT.unlabelled, batch_config, 0, 14, *shares
        )
        losses, optimisers = distributed.data_parallel(method), method.optimisers(config.optimiser)
        for step in range(3):
            batch = dataset[step]
            set_learning_rate(optimisers, 1 - step / 5)
            update(
                optimisers,
                sum(
                    losses(
                        Batch(
                            batch.image.double(), batch.label.long(), batch.distance_maps.double()
                        ),
                        step,
                    ).values()
                ),
            )
            method.after_step(step)
    torch.set_default_dtype(torch.float32)
    return {key: value.clone() for key, value in method.state_dict().items()}


@contextlib.contextmanager
def without_noise(keep_rand):
    """Random numbers that do not depend on the shape that is asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "randn_like", torch.zeros_like)
        patch.setattr(torch, "rand_like", lambda like: torch.full_like(like, 0.5))
        if not keep_rand:
            patch.setattr(
                torch, "rand", lambda *shape, device=None: torch.full(shape, 0.7, device=device)
            )
        yield


def draws():
    """What the processes draw: `own`, seeded as in training, and `shared`."""
    torch.manual_seed(distributed.rank())
    return {"own": torch.rand(3), "shared": distributed.of_first_rank(torch.rand(3))}


@functools.cache
def one_process(name, rows):
    return three_steps(name, rows)


def largest_difference(first, second):
    return max((first[key].double() - second[key].double()).abs().max().item() for key in first)


@pytest.mark.parametrize("rows", [EVEN, UNEVEN])
@pytest.mark.parametrize("name", CASES)
def test_two_processes_equal_one(two_processes, name, rows):
    one = one_process(name, rows)
    tolerance = 1e-10
    for rank in (0, 1):
        assert (
            largest_difference(one, torch.load(two_processes / f"{rank}.pt")["results"][name, rows])
            < tolerance
        )


@pytest.mark.parametrize("name", CASES)
def test_sums_of_each_process_alone_would_not_do(two_processes, name):
    own = [torch.load(two_processes / f"{rank}.pt")["own"][name] for rank in (0, 1)]
    assert max(largest_difference(one_process(name, EVEN), values) for values in own) > 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_resume_of_two_processes_equals_no_interruption(two_processes, method):
    assert result_bytes(two_processes / "parts" / method) == result_bytes(
        two_processes / "whole" / method
    )
    assert len(torch.load(two_processes / "parts" / method / "checkpoint.pt")["random"]) == 2


def test_each_process_draws_its_own_noise_and_shares_decisions(two_processes):
    first, second = (torch.load(two_processes / f"{rank}.pt")["draws"] for rank in (0, 1))
    assert torch.equal(first["shared"], second["shared"]) and not torch.equal(
        first["own"], second["own"]
    )


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="reads /proc, which this system lacks"
)
def test_a_worker_killed_in_mid_training(two_processes, tmp_path, capfd):
    """torchrun starts both again from the last checkpoint; the results are those of an
    uninterrupted training, bit for bit.
    """
    store = RunStore(TinyWorkspace(tmp_path), processes=2)
    folder = store.identity.folder(KILLED)
    with ThreadPoolExecutor() as threads:
        killed = threads.submit(kill_one, folder / "checkpoint.pt")
        run = store.get(KILLED)
    killed.result()
    # of the workers' lines of progress
    lengths = [int(length) for length in re.findall(r"\d+/(\d+) steps", capfd.readouterr().err)]
    assert min(lengths) < KILLED.training.steps  # the last ones went on from a checkpoint
    assert result_bytes(folder) == result_bytes(two_processes / "uninterrupted")
    assert run.record["device"] == "2 x CPU, 1 thread" and set(run.scores()["case"]) == set(
        SPLIT.test
    )
    assert not (folder / "checkpoint.pt").exists()
    # finished for one process, too
    assert RunStore(TinyWorkspace(tmp_path)).get(KILLED).record == run.record


def kill_one(checkpoint):
    """Kill a worker, really, as soon as there is a checkpoint: the one that was started first,
    which writes the files.
    """
    end = time.monotonic() + 300
    while not checkpoint.exists():
        assert time.monotonic() < end, "no checkpoint"
        time.sleep(0.01)
    (torchrun,) = children(os.getpid(), "torch.distributed.run")
    os.kill(children(torchrun, "guidednet.runs.torchrun")[0], signal.SIGKILL)


def children(parent, word):
    """Processes that `parent` started and whose command line holds `word`."""
    found = []
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if (
                process.name.isdigit()
                and int((process / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent
            ):
                found += [int(process.name)] if word in (process / "cmdline").read_text() else []
    return sorted(found)


def test_more_processes_than_rows(monkeypatch, tmp_path):
    with pytest.raises(InputError, match="3 processes cannot share the 2 rows of a batch"):
        RunStore(TinyWorkspace(tmp_path), processes=3).get(tiny_config("cps"))
    # as for workers of a torchrun started by hand
    monkeypatch.setattr("guidednet.training.loop.world_size", lambda: 3)
    with pytest.raises(InputError, match="3 processes cannot share the 2 rows of a batch"):
        train(tiny_config("cps"), BlobStore(), SPLIT, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_method_of_a_notebook_trains_in_its_kernel(monkeypatch, tmp_path):
    """Other processes would not know it."""
    monkeypatch.setattr(METHODS["cps"], "__module__", "__main__")
    monkeypatch.setattr(
        "guidednet.runs.store.launch", lambda *arguments: pytest.fail("torchrun was started")
    )
    run = RunStore(TinyWorkspace(tmp_path), processes=2).get(tiny_config("cps"))
    assert run.record["processes"] == 1

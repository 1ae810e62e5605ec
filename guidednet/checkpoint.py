"""Everything a training needs to go on as if it had never stopped, in one file."""

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from guidednet.files import write_bytes


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors and plain values) to `path`; equal states give equal bytes."""
    buffer = io.BytesIO()  # torch.save names the archive after the file, so equal bytes need a nameless one
    torch.save(state, buffer)
    write_bytes(path, buffer.getvalue())


def load(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read what `save` wrote; nothing in the file is executed."""
    return torch.load(path, map_location=device, weights_only=True)


def random_state(device: torch.device | str) -> dict[str, Any]:
    """The state of every generator that this process, computing on `device`, may draw from: torch, its GPU, numpy, Python."""
    version, keys, position, has_gauss, gauss = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if torch.device(device).type == "cuda" else None,
        "numpy": [version, keys.tolist(), position, has_gauss, gauss],
        "python": random.getstate(),
    }


def restore_random_state(state: dict[str, Any], device: torch.device | str) -> None:
    """Set every generator to what `random_state` returned; that of the GPU only where both were on one."""
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] is not None and torch.device(device).type == "cuda":
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
    np.random.set_state(tuple(state["numpy"]))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))


def seed_everything(seed: int) -> None:
    """Seed every generator that training may draw from (dropout draws from torch's)."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)

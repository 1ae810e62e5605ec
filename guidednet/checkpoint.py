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


def random_state() -> dict[str, Any]:
    """The state of every generator that this process may draw from: torch, its GPU if it uses one, numpy, Python."""
    version, keys, position, has_gauss, gauss = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None,
        "numpy": [version, keys.tolist(), position, has_gauss, gauss],
        "python": random.getstate(),
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Set every generator to what `random_state` returned."""
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"].cpu())
    np.random.set_state(tuple(state["numpy"]))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))


def seed_everything(seed: int) -> None:
    """Seed every generator that training may draw from (dropout draws from torch's)."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)

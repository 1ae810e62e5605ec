"""Scaling of the loss for training in fp16 (Micikevicius et al., 2018)."""

from typing import Any

import torch

from guidednet.config import TrainingConfig


class LossScaler(torch.amp.GradScaler):
    """Multiplies the loss so that small gradients are not zero in fp16; does nothing otherwise.

    A step whose gradient is too large for fp16 changes no weight and halves the scale, which 2,000
    steps without such a step double. `skipped` counts those steps. A scale below LEAST would not
    help: then the gradient itself is not finite.
    """

    LEAST = 1.0

    def __init__(self, config: TrainingConfig, device: torch.device | str) -> None:
        super().__init__(torch.device(device).type, enabled=config.precision == "fp16")
        self.skipped = 0

    def update(self, new_scale: float | None = None) -> None:
        """Choose the scale of the next step, which makes a GPU wait, and count a skipped one."""
        before = self.get_scale()
        super().update(new_scale)
        self.skipped += self.get_scale() < before

    def may_skip(self) -> bool:
        """Whether a gradient that is not finite means no more than a smaller scale."""
        return self.is_enabled() and self.get_scale() >= self.LEAST

    def log(self) -> dict[str, float]:
        """The scale and the number of skipped steps so far, for the curves; empty if it is off."""
        if not self.is_enabled():
            return {}
        return {"fp16/loss_scale": self.get_scale(), "fp16/skipped_steps": self.skipped}

    def state_dict(self) -> dict[str, Any]:
        """Scale, the steps since it changed, and the skipped steps; empty if it is off."""
        return super().state_dict() | ({"skipped": self.skipped} if self.is_enabled() else {})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        super().load_state_dict(state_dict)
        self.skipped = state_dict.get("skipped", 0)

"""CPS: cross pseudo supervision (Chen et al., CVPR 2021), the baseline that GuidedNet extends."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import cps_loss, supervised_loss
from guidednet.methods.base import TwoNetworkMethod


@dataclass(frozen=True)
class CPSConfig:
    """Options of CPS.

    `weight` scales the cross term at full ramp (the paper's lambda_u); `rows` is "all" (as
    published) or "unlabelled".
    """

    weight: float = 0.1
    rows: Literal["all", "unlabelled"] = "all"


class CPS(TwoNetworkMethod):
    """L = L_sup(A) + L_sup(B) + w(i) [CE(z_A, argmax z_B) + CE(z_B, argmax z_A)]."""

    label = "CPS"
    in_paper = True
    Config = CPSConfig

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Supervised terms on labelled rows, and the cross term on all (or the unlabelled) rows."""
        labelled = len(batch.label)
        logits_a, logits_b = self.network_a(batch.image).logits, self.network_b(batch.image).logits
        first = labelled if self.options.rows == "unlabelled" else 0
        return {
            "supervised_a": supervised_loss(logits_a[:labelled], batch.label),
            "supervised_b": supervised_loss(logits_b[:labelled], batch.label),
            "cps": self.options.weight
            * self.ramp_weight(step)
            * cps_loss(logits_a[first:], logits_b[first:]),
        }

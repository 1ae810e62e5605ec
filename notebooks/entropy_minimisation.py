"""Entropy minimisation (Grandvalet and Bengio, 2004), the example of notebook 05."""

from dataclasses import dataclass

from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import batch_mean, supervised_loss
from guidednet.methods.base import SingleNetworkMethod


@dataclass(frozen=True)
class EntropyMinimisationConfig:
    """`weight` of the entropy term at full ramp."""

    weight: float = 0.1


class EntropyMinimisation(SingleNetworkMethod):
    """L = L_sup + w(i) mean_v H(p_v), the entropy of the predictions p on unlabelled rows."""

    label = "Entropy minimisation"
    Config = EntropyMinimisationConfig

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised and the entropy term, each a weighted scalar."""
        labelled = len(batch.label)
        logits = self.network(batch.image).logits
        log_p = logits[labelled:].log_softmax(1)
        entropy = -(log_p.exp() * log_p).sum(1)
        return {
            "supervised": supervised_loss(logits[:labelled], batch.label),
            "entropy": self.options.weight * self.ramp_weight(step) * batch_mean(entropy),
        }

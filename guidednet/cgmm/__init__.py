"""3D-CGMM: one Gaussian per class in feature space, and the losses built on it (eqs. 3-14).

`gaussians` and `printed` are the well-defined reading of the printed equations, `released` is what
the released code computes; `config` selects one of them and holds their switches.
"""

from torch import Tensor

from guidednet.cgmm import printed, released
from guidednet.cgmm.config import DEFAULT, CGMMConfig
from guidednet.cgmm.gaussians import ClassStatistics, class_statistics, log_posterior

__all__ = [
    "DEFAULT",
    "CGMMConfig",
    "ClassStatistics",
    "cgmm_losses",
    "class_statistics",
    "log_posterior",
]


def cgmm_losses(
    features_a: Tensor,
    logits_a: Tensor,
    features_b: Tensor,
    logits_b: Tensor,
    labels: Tensor,
    config: CGMMConfig = DEFAULT,
) -> dict[str, Tensor]:
    """Unweighted terms of eqs. 12 and 14: "gt", "rectify", and if on "self", "max", "consistency".

    Each except "consistency" sums over networks A and B. `features_*` (B,C,d,h,w) and `logits_*`
    (B,K,D,H,W) cover the whole batch, labelled rows first; `labels` (B_l,D,H,W). If the features
    are coarser than the logits, statistics and posterior are computed at the features' resolution
    (labels by nearest neighbour, probabilities by averaging) and the posterior is upsampled
    trilinearly.
    """
    reading = released if config.reading == "official" else printed
    return reading.cgmm_losses(features_a, logits_a, features_b, logits_b, labels, config)

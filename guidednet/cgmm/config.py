"""Settings of the 3D-CGMM: what it computes, and how its equations are read."""

from dataclasses import dataclass
from typing import Literal

from guidednet.errors import InputError, check_choices


@dataclass(frozen=True)
class CGMMConfig:
    """What is computed, and how the equations are read; `official()` is the released code.

    `reading` is that of eqs. 3 to 11: "paper", as printed, or "official", as in the released code.
    Both readings: `use_self`, `use_max` and `use_consistency` give the rows of Table 4 (L_gt and
    L_rectify are always on); `consistency_on` is "unlabelled" (eq. 11) or "labelled" (the released
    code). `rectify` says what eq. 13 teaches: "live" sends its gradient to the network, "value"
    adds the value alone, "ramped" gives it the weight r(i) of the other unsupervised terms, "sure"
    counts the voxels where the largest posterior is at least `sure_posterior`, and "agreeing"
    those where posterior and network name the same class.

    Reading "paper" only: `density` is "tempered" (a Gaussian of the rms distance over channels),
    "isotropic" (a Gaussian of all C channels, C times sharper) or "diagonal" (one spread for each
    channel). `prior` π_k is "uniform" or the class's share of the labelled voxels, "counts".
    `sigma_min`² is added to σ², and no σ² is below `sigma_floor` times the mean σ² of the classes.
    Classes with fewer than `min_count` labelled voxels count as absent. `use_std` False gives every
    class the spread 1. `centroids` are those of the whole "batch" or of each "image", whose b-th
    unlabelled row is then paired with the b-th labelled one. `detach_rectify_target` False lets
    eq. 13 move its own target G'.
    """

    reading: Literal["paper", "official"] = "paper"
    use_self: bool = True
    use_max: bool = True
    use_consistency: bool = True
    consistency_on: Literal["unlabelled", "labelled"] = "unlabelled"
    rectify: Literal["live", "value", "ramped", "sure", "agreeing"] = "live"
    sure_posterior: float = 0.9
    density: Literal["tempered", "isotropic", "diagonal"] = "tempered"
    prior: Literal["uniform", "counts"] = "uniform"
    sigma_min: float = 1e-2
    sigma_floor: float = 0.0
    min_count: int = 1
    use_std: bool = True
    centroids: Literal["batch", "image"] = "batch"
    detach_rectify_target: bool = True

    def __post_init__(self) -> None:
        check_choices(self)
        if self.reading == "official" and self.rectify in ("sure", "agreeing"):
            raise InputError(
                f"rectify {self.rectify}: the released maps are no posteriors to be sure of; "
                "use live, value or ramped, or the reading paper"
            )

    @classmethod
    def official(cls) -> "CGMMConfig":
        """The settings that compute what the released code computes.

        The released code takes L_rectify in float16, which rounds every one of its gradients to
        zero at the published batch size; here the gradient is zero at every size.
        """
        return cls(reading="official", consistency_on="labelled", rectify="value")


DEFAULT = CGMMConfig()

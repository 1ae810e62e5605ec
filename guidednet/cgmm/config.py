"""Settings of the 3D-CGMM: what it computes, and how its equations are read."""

from dataclasses import dataclass
from typing import Literal

from guidednet.errors import check_choices


@dataclass(frozen=True)
class CGMMConfig:
    """What is computed, and how the equations are read; `official()` is the released code.

    Both readings: `use_self`, `use_max` and `use_consistency` give the rows of Table 4 (L_gt and
    L_rectify are always on); `consistency_on` is "unlabelled" (eq. 11) or "labelled" (the released
    code).

    Reading "paper" only: `density` is "tempered" (a Gaussian of the rms distance over channels) or
    "isotropic" (a Gaussian of all C channels, C times sharper). `gt_balance` averages over "voxel"s
    or over "class"es. `self_target` "detach_posterior" or "detach_probabilities" stops the gradient
    of that map in L_self; "none" stops neither. `rectify_mask` "predicted_present" leaves out
    voxels predicted as a class that no labelled crop of the batch shows; "none" keeps all.
    `sigma_min`² is added to σ². `detach_std` stops the gradient of the spread. Classes with fewer
    than `min_count` labelled voxels count as absent. `use_std` False gives every class the spread
    1. `centroids` are those of the whole "batch" or of each "image", whose b-th unlabelled row is
    then paired with the b-th labelled one. `detach_rectify_target` False lets eq. 13 move its own
    target G'.

    Reading "official" only: `lmax_centroid` is the "mean" or the "sum" over the images;
    `rectify_fp16` computes L_rectify in half precision.
    """

    reading: Literal["paper", "official"] = "paper"
    use_self: bool = True
    use_max: bool = True
    use_consistency: bool = True
    consistency_on: Literal["unlabelled", "labelled"] = "unlabelled"
    density: Literal["tempered", "isotropic"] = "tempered"
    gt_balance: Literal["voxel", "class"] = "voxel"
    self_target: Literal["none", "detach_posterior", "detach_probabilities"] = "none"
    rectify_mask: Literal["predicted_present", "none"] = "predicted_present"
    sigma_min: float = 1e-2
    detach_std: bool = True
    min_count: int = 1
    lmax_centroid: Literal["mean", "sum"] = "mean"
    rectify_fp16: bool = False
    use_std: bool = True
    centroids: Literal["batch", "image"] = "batch"
    detach_rectify_target: bool = True

    def __post_init__(self) -> None:
        check_choices(self)

    @classmethod
    def official(cls) -> "CGMMConfig":
        """The settings that compute what the released code computes."""
        return cls(
            reading="official", consistency_on="labelled", lmax_centroid="sum", rectify_fp16=True
        )


DEFAULT = CGMMConfig()

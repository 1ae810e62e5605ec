"""How uncertain the two networks of a method are about each voxel, as an overlay."""

import math

import numpy as np
import torch

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.inference import predict_probabilities
from guidednet.methods import Method
from guidednet.methods.base import TwoNetworkMethod
from guidednet.report.viewer.scene import Overlay


def network_uncertainty(
    name: str, method: Method, config: RunConfig, cases: CaseStore, case: str
) -> dict[str, Overlay]:
    """The entropy of the mean probability of networks A and B of the method called `name`.

    The key is the overlay's name. The entropy is divided by ln K: 0 where both are sure of one
    class, 1 where all K classes are equally likely. Empty for a method without two networks.
    """
    if not isinstance(method, TwoNetworkMethod):
        return {}
    image = torch.from_numpy(np.asarray(cases.image(case), dtype=np.float32))
    window = config.window
    # Halved and added in place, because probabilities take K volumes of memory.
    mean = torch.zeros(config.num_classes, *image.shape)
    for network in (method.eval().network_a, method.network_b):
        mean += 0.5 * predict_probabilities(
            network, image, window.size, window.stride, config.num_classes
        )
    entropy = torch.special.entr(mean).sum(0) / math.log(config.num_classes)
    return {f"uncertainty, {name}": Overlay(entropy.numpy(), (0.0, 1.0))}

"""The score that selects the best step of a training run."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.inference import predict_labels
from guidednet.methods import Method
from guidednet.metrics.overlap import dice
from guidednet.processes.distributed import map_over_ranks
from guidednet.training.device import autocast


def validation_dice(
    method: Method,
    config: RunConfig,
    cases: CaseStore,
    case_ids: Sequence[str],
    device: torch.device | str,
) -> float:
    """Mean Dice (0 to 1) of the primary predictor on `case_ids`.

    The mean is taken for each organ over the cases that have it, and then over organs.
    """
    method.eval()
    num_classes = config.num_classes
    network = method.predictors()["primary"]

    def score(case: str) -> np.ndarray:
        with autocast(config.training, device, training=False):
            prediction = predict_labels(
                network, cases.image(case), config.window, num_classes, device
            )
        scores = dice(prediction, cases.label(case), num_classes)
        return np.where(method.absent()[1:], np.nan, scores)

    if not case_ids:
        return float("nan")
    per_case = map_over_ranks(score, case_ids)
    # pandas leaves out NaN (organ absent from the reference)
    return float(pd.DataFrame(per_case).mean().mean())

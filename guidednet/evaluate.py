"""Scores of a trained run on the test list, one line per case, organ and metric."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.inference import predict_labels
from guidednet.methods import Method
from guidednet.metrics import dice, jaccard
from guidednet.organs import organ_set
from guidednet.store import CaseStore

METRICS = {"dice": dice, "jaccard": jaccard}


def predict_case(
    method: Method, config: RunConfig, store: CaseStore, case: str, predictor: str = "primary", device: torch.device | str = "cpu"
) -> np.ndarray:
    """Label map (D,H,W) uint8 of a case by one predictor of `method`, with the run's sliding window."""
    num_classes = organ_set(config.dataset).num_classes
    return predict_labels(method.eval().predictors()[predictor], store.image(case), config.window, num_classes, device)


def score_method(
    method: Method, config: RunConfig, store: CaseStore, cases: Iterable[str], device: torch.device | str = "cpu"
) -> pd.DataFrame:
    """Scores of every predictor of `method`: columns predictor, case, organ, metric, value (0 to 1), reference_voxels.

    `value` is NaN where the reference has no such organ.
    """
    organs = organ_set(config.dataset)
    rows = []
    for case in cases:
        reference = np.asarray(store.label(case))
        voxels = np.bincount(reference.ravel(), minlength=organs.num_classes)
        for predictor in method.predictors():
            prediction = predict_case(method, config, store, case, predictor, device)
            for metric, function in METRICS.items():
                values = function(prediction, reference, organs.num_classes)
                rows += [
                    (predictor, case, organs.by_label[label].name, metric, value, voxels[label])
                    for label, value in enumerate(values, start=1)
                ]
    return pd.DataFrame(rows, columns=["predictor", "case", "organ", "metric", "value", "reference_voxels"])

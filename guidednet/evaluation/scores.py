"""Scores of a trained run on the test list, one line per case, organ and metric."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.organs import OrganSet, organ_set
from guidednet.inference import predict_labels
from guidednet.methods import Method
from guidednet.metrics.overlap import dice, false_positive_voxels, jaccard, mean_over_cases
from guidednet.metrics.surface_distance import TOLERANCES_MM, surface_scores
from guidednet.processes.distributed import map_over_ranks
from guidednet.training.device import autocast

COLUMNS = ["organ", "metric", "value", "reference_voxels", "predicted_voxels"]


def predict_case(
    method: Method,
    config: RunConfig,
    store: CaseStore,
    case: str,
    predictor: str = "primary",
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Label map (D,H,W) uint8 of a case by one predictor of `method`, with the run's sliding
    window.
    """
    num_classes = organ_set(config.dataset).num_classes
    with autocast(config.training, device, training=False):
        return predict_labels(
            method.eval().predictors()[predictor],
            store.image(case),
            config.window,
            num_classes,
            device,
        )


def score_method(
    method: Method,
    config: RunConfig,
    store: CaseStore,
    cases: Sequence[str],
    device: torch.device | str = "cpu",
) -> pd.DataFrame:
    """Scores of every predictor of `method`: columns predictor, case, organ, metric, value,
    reference_voxels, predicted_voxels.

    Metrics are dice, jaccard and nsd (0 to 1), hd95 (mm) and false_positive_ml, the predicted
    volume outside the organ. All but the last are NaN where the reference has no such organ.
    """

    def score(case: str) -> pd.DataFrame:
        parts = []
        for predictor in method.predictors():
            prediction = predict_case(method, config, store, case, predictor, device)
            scores = score_case(
                prediction,
                np.asarray(store.label(case)),
                store.spacing(case),
                organ_set(config.dataset),
            )
            parts.append(scores.assign(predictor=predictor, case=case))
        return pd.concat(parts, ignore_index=True)

    return pd.concat(map_over_ranks(score, cases), ignore_index=True)[
        ["predictor", "case", *COLUMNS]
    ]


def score_case(
    prediction: np.ndarray, reference: np.ndarray, spacing: tuple[float, ...], organs: OrganSet
) -> pd.DataFrame:
    """Every metric of every organ of one case (label maps D,H,W; spacing in mm): COLUMNS."""
    labels = range(1, organs.num_classes)
    names = [organs.by_label[label].name for label in labels]
    surfaces = [
        surface_scores(prediction == label, reference == label, spacing, TOLERANCES_MM[name])
        for label, name in zip(labels, names, strict=True)
    ]
    values = {
        "dice": dice(prediction, reference, organs.num_classes),
        "jaccard": jaccard(prediction, reference, organs.num_classes),
        "nsd": [nsd for nsd, _ in surfaces],
        "hd95": [distance for _, distance in surfaces],
        "false_positive_ml": false_positive_voxels(prediction, reference, organs.num_classes)
        * np.prod(spacing)
        / 1000,
    }
    voxels = [
        np.bincount(volume.ravel(), minlength=organs.num_classes)[1:]
        for volume in (reference, prediction)
    ]
    return pd.concat(
        [
            pd.DataFrame(dict(zip(COLUMNS, (names, metric, value, *voxels), strict=True)))
            for metric, value in values.items()
        ]
    )


def organ_means(
    scores: pd.DataFrame, metric: str, predictor: str = "primary", rule: str = "skip"
) -> pd.Series:
    """Mean of `metric` over cases by organ, in the order of `scores`; `rule` says what absent
    organs count (mean_over_cases).
    """
    wanted = scores[(scores["metric"] == metric) & (scores["predictor"] == predictor)]
    return pd.Series(
        {
            organ: mean_over_cases(
                of_organ["value"], of_organ["reference_voxels"], of_organ["predicted_voxels"], rule
            )
            for organ, of_organ in wanted.groupby("organ", sort=False)
        },
        dtype=float,
    )

"""Scores of a trained run on its test cases, one row per case, organ and metric."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.organs import OrganSet
from guidednet.inference import predict_labels
from guidednet.methods import Method
from guidednet.metrics import METRICS, ScoredCase, mean_over_cases
from guidednet.processes.distributed import map_over_ranks
from guidednet.training.device import autocast

LAST = "last"  # in a run's scores: the primary predictor with the weights of the last step
COLUMNS = ["organ", "metric", "value", "reference_voxels", "predicted_voxels"]


def predict_case(
    method: Method,
    config: RunConfig,
    cases: CaseStore,
    case: str,
    predictor: str = "primary",
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Label map (D,H,W) uint8 of a case, by one predictor of `method`.

    The sliding window is that of the run.
    """
    num_classes = config.num_classes
    with autocast(config.training, device, training=False):
        return predict_labels(
            method.eval().predictors()[predictor],
            cases.image(case),
            config.window,
            num_classes,
            device,
        )


def score_method(
    method: Method,
    config: RunConfig,
    cases: CaseStore,
    case_ids: Sequence[str],
    device: torch.device | str = "cpu",
    predictors: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Scores of the `predictors` of `method`, by default of all, on `case_ids`.

    The columns are predictor, case, organ, metric, value, reference_voxels, predicted_voxels. The
    metrics are those of guidednet.metrics.METRICS, with shares from 0 to 1.
    """

    absent = method.absent()
    never = [organ.name for label, organ in config.organs.in_order if absent[label]]

    def score(case: str) -> pd.DataFrame:
        parts = []
        for predictor in predictors or method.predictors():
            prediction = predict_case(method, config, cases, case, predictor, device)
            scores = score_case(
                prediction,
                np.asarray(cases.label(case)),
                cases.spacing(case),
                config.organs,
            )
            scores["value"] = scores["value"].mask(scores["organ"].isin(never))
            parts.append(scores.assign(predictor=predictor, case=case))
        return pd.concat(parts, ignore_index=True)

    columns = ["predictor", "case", *COLUMNS]
    if not case_ids:
        return pd.DataFrame(columns=columns)
    return pd.concat(map_over_ranks(score, case_ids), ignore_index=True)[columns]


def score_case(
    prediction: np.ndarray, reference: np.ndarray, spacing: tuple[float, ...], organs: OrganSet
) -> pd.DataFrame:
    """Every metric of every organ of one case (label maps D,H,W; spacing in mm), as COLUMNS."""
    case = ScoredCase(prediction, reference, spacing, organs)
    names = [organ.name for _, organ in organs.in_order]
    voxels = case.voxels["reference"], case.voxels["prediction"]
    parts = [
        dict(zip(COLUMNS, (names, metric.name, metric.values(case), *voxels), strict=True))
        for metric in METRICS.values()
    ]
    return pd.concat([pd.DataFrame(part) for part in parts])


def organ_means(
    scores: pd.DataFrame, metric: str, predictor: str = "primary", rule: str = "skip"
) -> pd.Series:
    """Mean of `metric` over cases by organ, in the order of `scores`.

    `rule` says how absent organs count (see mean_over_cases).
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

"""The model card of an exported network: data, terms, scores, limits, in Markdown."""

from pathlib import Path
from typing import Any

import pandas as pd

from guidednet.errors import InputError
from guidednet.metrics import METRICS
from guidednet.report.tables.markup import markdown_cell, markdown_text
from guidednet.report.tables.table import organ_scores
from guidednet.runs.model_file import settings_of
from guidednet.runs.record import Run, read_record

# Under which terms the scans of the data sets of the package are given out.
TERMS = {
    "flare22": "CC BY-NC-SA 4.0",
    "amos": "CC BY 4.0",
    "btcv": "registration at synapse.org (syn3193805) and its terms of use",
    "totalsegmentator": "CC BY 4.0",
}
SYNTHETIC = (
    "All cases were **synthetic phantoms**. The network is of no use on patients: it shows that "
    "the software works."
)
LIMITS = (
    "It is research software, no medical device, and nobody has approved it for the care of "
    "patients.",
    "It knows scans like those it was trained on. Other scanners, phases of contrast, fields of "
    "view and diseases were not tested.",
    "An organ that is not among the labels is background. A scan in other units than those of the "
    "preparation gives labels all the same, and wrong ones.",
)


def model_card(run_folder: Path, file: Path, ensemble: bool = False) -> str:
    """The card of the network of a finished run in `file`, as Markdown.

    Raises InputError if the folder holds no finished run.
    """
    record = read_record(run_folder)
    config, _ = settings_of(record, run_folder / "record.json")
    run = Run(config, run_folder, record)
    name = f"{config.method} on {config.dataset}"
    parts = [
        f"# {markdown_text(name)}",
        f"`{file.name}`: a network that segments {len(config.organs.by_label)} organs in CT, "
        f"trained with the GuidedNet companion. `{file.with_suffix('.json').name}` says how images "
        "are prepared and which class is which organ.",
        "## Data",
        _data(run),
        "## Training",
        _training(run),
        "## Scores",
        _scores(run, "ensemble" if ensemble else "primary"),
        "## Limits",
        "\n".join(f"* {text}" for text in (*LIMITS, *map(markdown_text, _warnings(record)))),
    ]
    return "\n\n".join(parts) + "\n"


def _warnings(record: dict[str, Any]) -> list[str]:
    return [f"warning of the training: {text}" for text in record.get("warnings", [])]


def _data(run: Run) -> str:
    """What the network was trained on, and on which terms."""
    config, split = run.config, run.record.get("split", {})
    counts = (
        f"{config.n_labelled} labelled and {config.n_unlabelled} unlabelled training cases of "
        f"{config.dataset}, and {len(split.get('validation', []))} validation cases."
    )
    kind = {True: SYNTHETIC, False: "The cases were scans of patients."}.get(
        run.record.get("synthetic"),
        "The record does not say whether the cases were synthetic, as an older version wrote it.",
    )
    terms = TERMS.get(config.dataset, "those of the owner of the data")
    return f"{counts} {kind} Terms of the data set's scans: {terms}."


def _training(run: Run) -> str:
    record, training = run.record, run.config.training
    return (
        f"{training.steps} steps, seed {run.config.seed}, best validation at step "
        f"{record.get('best_step')}, on {record.get('device')}; run `{record.get('key')}`, commit "
        f"`{record.get('commit')}`, finished {record.get('finished')}."
    )


def _scores(run: Run, predictor: str) -> str:
    """Mean scores over the test cases by organ, or why there are none."""
    try:
        scores = run.scores()
    except InputError as error:
        return f"The run has no usable scores: {markdown_text(str(error).partition('; ')[0])}."
    cases = scores["case"].nunique()
    if not cases:
        return "No case was held out for a test, so that there are no scores."
    organs = run.config.organs
    table = pd.DataFrame(
        {
            f"{metric.name} ({metric.unit})": organ_scores(run, metric.name, organs, predictor)
            for metric in METRICS.values()
        }
    ).set_axis(organs.column_names)
    table.loc["mean of organs"] = table.mean()
    head = ["organ", *table.columns]
    lines = [
        [name, *("-" if pd.isna(value) else f"{value:.2f}" for value in values)]
        for name, values in zip(table.index, table.to_numpy(), strict=True)
    ]
    rows = ["| " + " | ".join(map(markdown_cell, line)) + " |" for line in [head, *lines]]
    rows.insert(1, "|" + " --- |" * len(head))
    return f"Means over {cases} test case{'s' if cases > 1 else ''}, one seed.\n\n" + "\n".join(
        rows
    )

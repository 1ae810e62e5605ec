"""The training curves of a run in one figure: loss terms, class weights, validation Dice."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from guidednet.errors import InputError
from guidednet.losses import ramp
from guidednet.report.figures.save import DOUBLE, print_figure
from guidednet.report.lessons.walkthrough import class_colours, class_names
from guidednet.runs.record import CLASS_WEIGHTS, Run, terms_of
from guidednet.support.csv_files import read_csv


def class_weights(run: Run) -> pd.DataFrame:
    """KT-CPS weights of network A by step, one column per class; no columns for other methods."""
    curves = run.curves().set_index("step").filter(like=CLASS_WEIGHTS).dropna()
    names = class_names(run.config.organs)
    return curves.rename(columns=lambda column: names[int(column.removeprefix(CLASS_WEIGHTS))])


def draw_run(run: Run) -> Figure:
    """A run's loss terms with the ramp, KT-CPS class weights and validation Dice over its steps."""
    figure, (terms, weights, validation) = print_figure(DOUBLE, 2.6, 1, 3)
    run.loss_terms().plot(ax=terms, logy=True, linewidth=1)
    _draw_ramp(terms.twinx(), run)
    terms.set(title="weighted loss terms", ylabel="loss")
    terms.legend(fontsize=5)
    _draw_weights(weights, run)
    dice = run.curves().set_index("step")["validation_dice"].dropna() * 100
    validation.plot(dice.index, dice, marker="o", markersize=3, color="black")
    validation.axvline(run.record["best_step"], linestyle=":", color="grey")
    validation.set(title="validation", xlabel="step", ylabel="mean Dice (%)")
    return figure


def read_curves(folder: Path) -> pd.DataFrame:
    """The curves so far of the run in `folder`, finished or not; raises InputError without any."""
    path = folder / "curves.csv"
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; wait for the first look at the training, or give a run folder"
        )
    table = read_csv(path, {"step": int})
    return table if "validation_dice" in table else table.assign(validation_dice=float("nan"))


def last_numbers(curves: pd.DataFrame) -> str:
    """The last step, its loss, and the validation Dice (%): the best and the last."""
    terms, looks = terms_of(curves), curves.set_index("step")["validation_dice"].dropna() * 100
    loss = "" if terms.empty else f", loss {terms.iloc[-1].sum():.4g}"
    dice = "not validated yet"
    if len(looks):
        dice = (
            f"validation Dice {looks.iloc[-1]:.2f} % at step {looks.index[-1]}, "
            f"best {looks.max():.2f} % at step {looks.idxmax()}"
        )
    return f"step {curves['step'].max()}{loss}; {dice}"


def draw_curves(curves: pd.DataFrame, title: str) -> Figure:
    """Loss terms, gradient norm and validation Dice over the steps so far; no run need be done."""
    figure, (terms, norm, validation) = print_figure(DOUBLE, 2.6, 1, 3)
    by_step = curves.set_index("step")
    for name, values in terms_of(curves).items():
        terms.plot(values.index, values, linewidth=1, label=name)
        terms.legend(fontsize=5)
    terms.set(title="weighted loss terms", xlabel="step", ylabel="loss")
    found = by_step.get("gradient_norm", pd.Series(dtype=float)).dropna()
    norm.plot(found.index, found, color="black", linewidth=1)
    norm.set(title="gradient norm", xlabel="step")
    dice = by_step["validation_dice"].dropna() * 100
    validation.plot(dice.index, dice, marker="o", markersize=3, color="black", linewidth=1)
    validation.set(title="validation", xlabel="step", ylabel="mean Dice (%)")
    figure.suptitle(title)
    return figure


def _draw_ramp(axes: Axes, run: Run) -> None:
    training = run.config.training
    steps = range(training.steps)
    values = [
        ramp(step, training.ramp_steps or training.steps, training.ramp_staircase) for step in steps
    ]
    axes.plot(steps, values, color="grey", linestyle="--", linewidth=0.8)
    axes.set(ylim=(0, 1.05), ylabel="ramp (dashed)")


def _draw_weights(axes: Axes, run: Run) -> None:
    weights = class_weights(run)
    if weights.empty:
        axes.text(0.5, 0.5, "no class weights", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    colours = dict(
        zip(
            class_names(run.config.organs),
            class_colours(run.config.organs),
            strict=True,
        )
    )
    for name, values in weights.items():
        axes.plot(values.index, values, color=colours[name], linewidth=1, label=name)
    axes.set(
        title="KT-CPS weights of network A", xlabel="step", ylabel="weight (K: most difficult)"
    )
    axes.legend(fontsize=4, ncols=2)

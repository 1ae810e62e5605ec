"""What every table and figure says of itself: profile, data, seeds, reading."""

from guidednet.experiments import Row
from guidednet.workspace import Workspace


def caption(name: str, workspace: Workspace, seeds: int, rows: list[Row]) -> str:
    """One paragraph: which item, profile, data set and split, whether synthetic, seeds, steps and reading."""
    config = rows[-1].runs[0]
    profile = workspace.profile
    pairs = dict.fromkeys((row.runs[0].n_labelled, row.runs[0].n_unlabelled) for row in rows if row.runs[0].n_unlabelled)
    ratios = [f"{labelled} labelled and {unlabelled} unlabelled" for labelled, unlabelled in pairs]
    data = f"synthetic {config.dataset} phantoms, not patients" if workspace.synthetic else config.dataset
    reading = getattr(getattr(config.options, "cgmm", None), "reading", None)
    parts = [
        f"{name}, profile {profile.name}: {data}",
        f"{' or '.join(ratios)} training cases",
        f"{seeds} seed{'s' if seeds > 1 else ''}",
        f"{config.training.steps} steps" + (f" after a shared burn-in of {b}" if (b := config.training.burn_in_steps) else ""),
        *([f'reading "{reading}"'] if reading else []),
        "network A at its best validation step",
    ]
    return "; ".join(parts) + "."

"""What every table and figure says of itself: profile, data, seeds, reading."""

from guidednet.experiments import Row
from guidednet.workspace import Workspace


def caption(name: str, workspace: Workspace, seeds: int, rows: list[Row]) -> str:
    """One paragraph: which item, profile, data set and split, whether synthetic, seeds, steps and reading."""
    config = rows[-1].runs[0]
    profile = workspace.profile
    data = f"synthetic {config.dataset} phantoms, not patients" if profile.synthetic else config.dataset
    reading = getattr(getattr(config.options, "cgmm", None), "reading", None)
    parts = [
        f"{name}, profile {profile.name}: {data}",
        f"{config.n_labelled} labelled and {config.n_unlabelled} unlabelled training cases",
        f"{seeds} seed{'s' if seeds > 1 else ''}",
        f"{config.training.steps} steps" + (f" after a shared burn-in of {b}" if (b := config.training.burn_in_steps) else ""),
        *([f'reading "{reading}"'] if reading else []),
        "network A at its best validation step",
    ]
    return "; ".join(parts) + "."

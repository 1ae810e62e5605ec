"""The numbers that the paper prints, as data: Tables 1 to 4 and Figure 6, in percent, with marks of doubt in `note`."""

from importlib import resources

import pandas as pd

from guidednet.errors import InputError

FILES = {
    "table1": "table1_flare22.csv",
    "table2": "table2_amos.csv",
    "table3": "table3_components.csv",
    "table4": "table4_cgmm_losses.csv",
    "figure6": "fig6_hyperparameters.csv",
}


def printed(item: str) -> pd.DataFrame:
    """The printed numbers of "table1" ... "table4" or "figure6"; raises InputError for another name."""
    if item not in FILES:
        raise InputError(f"no printed numbers for '{item}': use one of {', '.join(FILES)}")
    with resources.files("guidednet.paper").joinpath(FILES[item]).open() as file:
        return pd.read_csv(file)

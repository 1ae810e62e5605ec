"""The numbers that the paper prints, as data: Tables 1 to 4 and Figure 6, in percent.

Beside them are the means that others publish for the paper's rivals, by share of labelled cases: on
BTCV (arXiv 2501.13470) and on the left atrium (Yu et al. 2019, Li et al. 2020, Luo et al. 2021).

The column `note` marks doubtful numbers. `stated.csv` holds numbers that the running text states
about the tables, and how each follows from them.
"""

from importlib import resources

import pandas as pd

from guidednet.errors import one_of

FILES = {
    "table1": "table1_flare22.csv",
    "table2": "table2_amos.csv",
    "table3": "table3_components.csv",
    "table4": "table4_cgmm_losses.csv",
    "figure6": "fig6_hyperparameters.csv",
    "stated": "stated.csv",
    "btcv": "synapse_btcv.csv",
    "left_atrium": "left_atrium.csv",
}
TABLES = tuple(name for name in FILES if name.startswith("table"))


def printed(item: str) -> pd.DataFrame:
    """The published numbers of "table1" ... "table4" or "figure6", or those "stated" in the text.

    Raises InputError for another name.
    """
    file_name = one_of("published table or figure", item, FILES)
    with resources.files("guidednet.published").joinpath(file_name).open(encoding="utf-8") as file:
        return pd.read_csv(file)


def means_on(dataset: str, percent: float) -> dict[str, float]:
    """The mean Dice in percent that others publish on `dataset` at `percent` % labelled, by method.

    Empty where none is known.
    """
    if dataset not in FILES:
        return {}
    table = printed(dataset)
    return table[table["labeled_percent"] == percent].set_index("method")["mean_dice"].to_dict()


def footnotes(item: str) -> list[str]:
    """Remarks on doubtful or notable published numbers of `item`, one line per row.

    The list is empty for an artefact without published numbers.
    """
    if item not in FILES:
        return []
    table = printed(item)
    noted = table[table["note"].notna()] if "note" in table else table.iloc[:0]
    return [f"{_row_name(row)}: {row['note']}" for _, row in noted.iterrows()]


def _row_name(row: pd.Series) -> str:
    if "method" in row:
        return f"{row['method']} {row['n_labeled']}+{row['n_unlabeled']}"
    return str(row["value"])

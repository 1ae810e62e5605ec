"""Numbers of the notebooks' tables as a reader writes them."""

import math

import pandas as pd


def scientific(value: float) -> str:
    """A number with two digits, such as 1.2e-05; a zero is "0", and what is no number "0/0"."""
    if math.isnan(value):
        return "0/0"
    return f"{value:.1e}" if value else "0"


def plain(value: float, digits: int = 2) -> str:
    """A number with `digits` decimals; a zero of either sign is "0", what is no number "0/0"."""
    if math.isnan(value):
        return "0/0"
    return f"{value:.{digits}f}" if value else "0"


def text_table(table: pd.DataFrame, digits: int = 2) -> pd.DataFrame:
    """The cells of `table` as text: fractions with `digits` decimals, "-" for what is missing."""
    return table.astype(object).map(lambda value: _text(value, digits))


def _text(value: object, digits: int) -> str:
    if pd.isna(value):
        return "-"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)

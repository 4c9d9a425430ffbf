"""Numbers as text, whatever their decimal mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_NO_VALUE = ("", "nan", "null", "none", "na", "n/a", "-", "#n/a")


def decimal_mark(columns: Sequence[Any], delimiter_is_comma: bool) -> str:
    """ "." or ",": what separates the fraction in these columns of text.

    Args:
        columns: Arrow string arrays of prices.
        delimiter_is_comma: Whether cells with a comma must have been quoted.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pa.concat_arrays(list(columns))
    with_comma = cells.filter(pc.match_substring(cells, ","))
    if not len(with_comma):
        return "."
    both = with_comma.filter(pc.match_substring(with_comma, "."))
    if len(both):
        last = str(both[0])
        return "." if last.rindex(".") > last.rindex(",") else ","
    thousands = pc.all(pc.match_substring_regex(with_comma, r"^[+-]?\d{1,3}(,\d{3})+$")).as_py()
    return "." if delimiter_is_comma and thousands else ","


def to_floats(column: Any, mark: str) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Numbers of a column of text.

    Args:
        column: Arrow string array.
        mark: Decimal mark; the other of point and comma separates thousands.

    Returns:
        The numbers, NaN where there is none; where nothing is given; where the text is no number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        numbers = pc.cast(column, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        pass
    else:
        if mark == "." and np.isfinite(numbers).all():
            none = np.zeros(len(numbers), np.bool_)
            return numbers, none, none
    other = "." if mark == "," else ","
    text = pc.replace_substring(column, other, "")
    if mark == ",":
        text = pc.replace_substring(text, ",", ".")
    absent = pc.is_in(pc.utf8_lower(column), value_set=pa.array(_NO_VALUE)).to_numpy(False)
    good = pc.match_substring_regex(text, _NUMBER).to_numpy(False)
    numbers = np.full(len(column), np.nan)
    numbers[good] = pc.cast(text.filter(pa.array(good)), pa.float64()).to_numpy()
    return numbers, absent, ~good & ~absent

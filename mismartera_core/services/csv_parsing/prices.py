"""Numbers as text, whatever their decimal mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray

_NO_VALUE = ("", "nan", "null", "none", "na", "n/a", "-", "#n/a")


def decimal_mark(columns: Sequence[Any], delimiter_is_comma: bool) -> str:
    """ "." or ",": what separates the fraction in most cells of these columns of text.

    Args:
        columns: Arrow string arrays of prices.
        delimiter_is_comma: Whether cells with a comma must have been quoted.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = _bare(pa.concat_arrays(list(columns)))
    comma, point = (pc.match_substring(cells, mark) for mark in ",.")
    if not pc.any(comma).as_py():
        return "."
    both = cells.filter(pc.and_(comma, point))
    if len(both):
        last = str(both[0])
        return "." if last.rindex(".") > last.rindex(",") else ","
    commas, points = cells.filter(comma), cells.filter(point)
    thousands = pc.all(pc.match_substring_regex(commas, _grouped(","))).as_py()
    if not len(points):
        return "." if delimiter_is_comma and thousands else ","
    if thousands != pc.all(pc.match_substring_regex(points, _grouped("."))).as_py():
        return "." if thousands else ","
    return "." if len(points) >= len(commas) else ","


def _bare(column: Any) -> Any:
    """Cells without a sign of currency before the number."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(column, r"^[$€£]", "")


def _grouped(separator: str, fraction: str = "") -> str:
    """A number whose thousands are separated, also as in India: 12,34,567."""
    return rf"^[+-]?\d{{1,3}}([{separator}]\d{{2,3}})*[{separator}]\d{{3}}{fraction}$"


def to_floats(column: Any, mark: str) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Numbers of a column of text.

    Args:
        column: Arrow string array.
        mark: Decimal mark; the other of point and comma may separate thousands.

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
    column = _bare(column)
    other = "." if mark == "," else ","
    grouped = pc.match_substring_regex(column, _grouped(other, rf"([{mark}]\d*)?"))
    text = pc.if_else(grouped, pc.replace_substring(column, other, ""), column)
    absent = pc.is_in(pc.utf8_lower(column), value_set=pa.array(_NO_VALUE)).to_numpy(False)
    number = rf"^[+-]?(\d+[{mark}]?\d*|[{mark}]\d+)([eE][+-]?\d+)?$"
    good = pc.match_substring_regex(text, number).to_numpy(False)
    numbers = np.full(len(column), np.nan)
    plain = pc.replace_substring(text.filter(pa.array(good)), mark, ".")
    numbers[good] = pc.cast(plain, pa.float64()).to_numpy()
    return numbers, absent, ~good & ~absent

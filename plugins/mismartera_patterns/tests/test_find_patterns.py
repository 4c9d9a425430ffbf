"""The table of patterns for notebooks."""

from __future__ import annotations

import pandas as pd
import pytest
from mismartera_patterns.drawing import draw, random_walk
from mismartera_patterns.finding import PATTERNS, find_patterns
from pydantic import ValidationError

from mismartera_core import DataError


def to_frame(bars, zone="UTC"):
    fields = ("open", "high", "low", "close", "volume")
    index = pd.DatetimeIndex(bars.ts.astype("datetime64[ns]")).tz_localize("UTC").tz_convert(zone)
    return pd.DataFrame({name: getattr(bars, name) for name in fields}, index=index)


BARS = draw("double_top", 180, 0.01, 0).bars


def test_it_has_a_row_per_report_of_every_pattern():
    bars = random_walk(5_000, 3)
    found = find_patterns(bars)
    assert found["row"].is_monotonic_increasing
    for name, pattern in PATTERNS.items():
        rows = found[found["pattern"] == name]
        reports = pattern.find(bars)
        assert rows["row"].tolist() == [report.row for report in reports]
        assert rows["target"].tolist() == [report.target for report in reports]


def test_a_frame_gives_the_same_in_its_own_zone():
    frame = to_frame(BARS, "America/New_York")
    of_columns, of_frame = find_patterns(BARS), find_patterns(frame)
    assert len(of_columns)
    assert of_frame["reported_at"].iloc[0].tz == frame.index.tz
    assert of_frame["reported_at"].tolist() == of_columns["reported_at"].tolist()
    assert of_frame["points"].tolist() == of_columns["points"].tolist()


def test_points_have_time_and_price():
    (found,) = find_patterns(BARS, ["double_top"]).to_dict("records")
    assert found["reported_at"] == pd.Timestamp(BARS.ts[found["row"]], tz="UTC")
    (first, price), *_ = found["points"]
    assert price == BARS.high[BARS.ts.searchsorted(first.as_unit("ns").value)]


def test_nothing_found_is_an_empty_table():
    assert find_patterns(BARS.slice(0, 0)).empty
    assert find_patterns(to_frame(BARS).iloc[:0]).empty


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (to_frame(BARS).reset_index(drop=True), "DatetimeIndex"),
        (to_frame(BARS).iloc[::-1], "ascending"),
        (to_frame(BARS).drop(columns="low"), "missing: low"),
    ],
)
def test_a_frame_that_cannot_be_read_is_refused(frame, message):
    with pytest.raises(DataError, match=message):
        find_patterns(frame)


def test_a_pattern_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="no chart pattern 'doubletop'"):
        find_patterns(BARS, ["doubletop"])


def test_a_wrong_parameter_is_refused():
    with pytest.raises(ValidationError):
        find_patterns(BARS, ["double_top"], tollerance=0.1)

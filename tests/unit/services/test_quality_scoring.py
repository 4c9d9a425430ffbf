"""Three states of an expected bar, and the evidence that decides."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from shared_data import shared

from mismartera_core.model.intervals import DAY, HOUR, MINUTE
from mismartera_core.model.quality import MinuteState
from mismartera_core.services.gap_detection import expected_opens
from mismartera_core.services.quality_scoring import Evidence, mean_score, session_quality

OPEN = 1_700_000_000_000_000_000
EXPECTED = expected_opens(OPEN, OPEN + 390 * MINUTE, MINUTE)
LIQUID = Evidence(traded=1948, expected=1950)
THIN = Evidence(traded=320, expected=1950)


def without(*absent):
    """The minutes of a session but for some ranges (first, how many)."""
    keep = np.ones(len(EXPECTED), dtype=bool)
    for first, count in absent:
        keep[first : first + count] = False
    return EXPECTED[keep]


def report(ts, evidence=LIQUID, **options):
    day = date(2023, 11, 14)
    return session_quality(day, "1m", MINUTE, EXPECTED, {"X": ts}, {"X": evidence}, **options)[0]


def test_a_whole_session_has_no_gap_and_the_full_score():
    whole = report(EXPECTED, source="csv", simulated=True)
    assert (whole.expected, whole.traded, whole.silent, whole.missing) == (390, 390, 0, 0)
    assert (whole.gaps, whole.score, whole.source, whole.simulated) == ((), 1.0, "csv", True)


def test_an_hour_without_a_trade_is_missing_for_a_liquid_symbol():
    hole = report(without((100, 60)))
    assert (hole.missing, hole.silent, hole.score) == (60, 0, 330 / 390)
    assert [(gap.start_ns, gap.bars) for gap in hole.gaps] == [(OPEN + 100 * MINUTE, 60)]


def test_single_minutes_without_a_trade_are_silent():
    assert report(without((5, 1), (200, 1))).silent == 2


def test_an_hour_without_a_trade_is_silent_for_a_thin_symbol():
    assert report(without((100, 60)), THIN).silent == 60


def test_a_complete_provider_leaves_nothing_missing():
    assert report(without((100, 60)), complete=True).silent == 60


def test_a_minute_with_quotes_is_silent_and_its_neighbours_are_judged_by_themselves():
    quotes = np.array([OPEN + 110 * MINUTE + 7, OPEN + 111 * MINUTE])
    quoted = Evidence(traded=1948, expected=1950, quotes=quotes)
    gaps = report(without((100, 60)), quoted).gaps
    assert [(gap.bars, gap.state.value) for gap in gaps] == [
        (10, "missing"),
        (2, "silent"),
        (48, "missing"),
    ]


def test_a_symbol_that_was_never_seen_to_trade_is_missing():
    assert report(EXPECTED[:0], Evidence()).missing == 390


def test_without_a_history_the_session_itself_tells_how_often_it_trades():
    assert report(without((100, 60)), Evidence()).missing == 60
    assert report(EXPECTED[::8], Evidence()).missing == 0


def test_bars_off_the_grid_and_outside_the_session_are_counted():
    stray = np.sort(np.append(without((3, 1)), [OPEN - MINUTE, OPEN + 3 * MINUTE + 1]))
    found = report(stray, Evidence(traded=1948, expected=1950, outside=4))
    assert (found.traded, found.outside, found.silent) == (389, 6, 1)


def test_a_lunch_break_is_not_expected_and_ends_a_gap():
    lunch = OPEN + 150 * MINUTE, OPEN + 210 * MINUTE
    expected = expected_opens(OPEN, OPEN + 360 * MINUTE, MINUTE, *lunch)
    assert len(expected) == 300
    ts = np.concatenate([expected[:140], expected[170:]])
    day = date(2023, 11, 14)
    found = session_quality(day, "1m", MINUTE, expected, {"X": ts}, {"X": LIQUID})[0]
    assert [(gap.bars, gap.start_ns) for gap in found.gaps] == [
        (10, OPEN + 140 * MINUTE),
        (20, OPEN + 210 * MINUTE),
    ]


@pytest.mark.parametrize(("interval", "count"), [(HOUR, 7), (DAY, 1), (5 * MINUTE, 78)])
def test_longer_bars_are_expected_from_the_open_on(interval, count):
    opens = expected_opens(OPEN, OPEN + 390 * MINUTE, interval)
    assert (len(opens), opens[0]) == (count, OPEN)


def test_the_mean_score_weighs_by_expected_bars_and_is_undefined_without():
    assert mean_score([report(EXPECTED), report(without((100, 60)))]) == 1 - 60 / 780
    assert mean_score([]) is None


def test_a_real_thin_fund_is_mostly_silent():
    table = pd.read_csv(shared("data/us_equity_1m/DBB_2023-07-10_2025-07.csv"), nrows=3000)
    stamps = pd.to_datetime(table.timestamp, utc=True).dt
    ts = stamps.as_unit("ns").astype("int64").to_numpy()
    by_day = pd.Series(ts).groupby(stamps.strftime("%Y-%m-%d"))
    traded = expected = silent = missing = 0
    for day, rows in list(by_day)[:20]:
        open_ns = pd.Timestamp(f"{day}T13:30Z").as_unit("ns").value
        grid = expected_opens(open_ns, open_ns + 390 * MINUTE, MINUTE)
        about = {"DBB": Evidence(traded=traded, expected=expected)}
        found = session_quality(
            date.fromisoformat(str(day)), "1m", MINUTE, grid, {"DBB": rows.to_numpy()}, about
        )[0]
        traded, expected = traded + found.traded, expected + found.expected
        silent, missing = silent + found.silent, missing + found.missing
    assert silent > 10 * missing
    assert traded < expected / 3


def test_states_have_the_names_users_read():
    assert [state.value for state in MinuteState] == ["traded", "silent", "missing"]

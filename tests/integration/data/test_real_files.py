"""Real files of several vendors: each says what must be understood of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shared_data import shared

from mismartera_core.errors import DataError
from mismartera_core.managers.data_manager.imports import guess_symbol
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.model.intervals import MINUTE
from mismartera_core.repositories.database import open_database
from mismartera_core.services.csv_parsing import ParsedBars, parse_bars_csv


@pytest.fixture(scope="module")
def new_york(tmp_path_factory):
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('db') / 'calendar.db'}")
    yield TimeManager(database, "US_EQUITY", "EQUITY").session_table
    database.close()


def first_and_last(parsed: ParsedBars) -> tuple[str, str]:
    ends = pd.DatetimeIndex(parsed.columns.ts[[0, -1]].view("datetime64[ns]"))
    return tuple(ends.strftime("%Y-%m-%dT%H:%MZ"))


def understood(parsed: ParsedBars, item: str) -> str:
    return parsed.understanding[item].split(" (")[0]


def test_day_first_dates_are_not_read_month_first(new_york) -> None:
    path = shared("data/messy/gym_anytrading_EURUSD_1H_daymonth_dates.csv")
    with pytest.raises(DataError, match="carry no zone") as caught:
        parse_bars_csv(path, sessions=new_york)
    assert "--tz" in caught.value.hint
    parsed = parse_bars_csv(path, timezone="UTC", sessions=new_york)
    assert understood(parsed, "dates") == "day before month"
    assert (parsed.interval, len(parsed.columns), parsed.quarantine) == ("1h", 6225, ())
    assert first_and_last(parsed) == ("2017-01-01T22:00Z", "2017-12-29T21:00Z")
    assert understood(parsed, "order") == "oldest first"


def test_blanks_zeros_and_impossible_prices_are_put_aside(new_york) -> None:
    parsed = parse_bars_csv(shared("data/messy/stockindicators_bad.csv"), sessions=new_york)
    assert understood(parsed, "dates") == "month before day"
    reasons = Counter(row.reason for row in parsed.quarantine)
    assert reasons["the time is missing"] == 50
    assert reasons["open is missing"] == 51
    assert reasons["open is zero"] == 51
    assert sum(n for reason, n in reasons.items() if "above" in reason or "below" in reason) == 9
    assert sum(n for reason, n in reasons.items() if "negative" in reason) == 4
    assert len(parsed.columns) + len(parsed.quarantine) + parsed.duplicates == parsed.rows == 502


def test_rows_out_of_order_are_sorted_and_a_holiday_is_no_session(new_york) -> None:
    parsed = parse_bars_csv(shared("data/messy/stockindicators_mismatch.csv"), sessions=new_york)
    assert "4 time(s) out of order, sorted" in parsed.understanding["order"]
    assert [(q.line, q.text[:9]) for q in parsed.quarantine] == [(21, "1/18/2016")]
    assert (np.diff(parsed.columns.ts) > 0).all()


def test_offsets_of_india_and_many_silent_bars(new_york) -> None:
    path = shared("data/messy/stockindicators__issue0859.adx.nan.csv")
    parsed = parse_bars_csv(path, sessions=new_york)
    assert (parsed.interval, len(parsed.columns), parsed.quarantine) == ("3m", 595, ())
    assert first_and_last(parsed) == ("2022-07-25T03:45Z", "2022-08-01T03:48Z")
    assert "358 bar(s) have volume 0" in parsed.warnings


def test_three_header_lines_and_an_unfinished_last_bar(new_york) -> None:
    path = shared("data/messy/yfinance_multiheader_SPY_1min_2025-07-23.csv")
    parsed = parse_bars_csv(path, sessions=new_york)
    assert parsed.symbol == "SPY"
    assert "three lines" in parsed.understanding["header"]
    assert parsed.columns.open[0] == 630.9949951171875
    assert parsed.columns.close[0] == 630.97998046875
    assert [q.line for q in parsed.quarantine] == [185]
    assert "unfinished" in parsed.quarantine[0].reason
    assert (parsed.interval, len(parsed.columns)) == ("1m", 181)


def test_extended_hours_of_yfinance(new_york) -> None:
    parsed = parse_bars_csv(shared("data/messy/yfinance_EA_15m.csv"), sessions=new_york)
    assert (parsed.interval, len(parsed.columns)) == ("15m", 319)
    assert parsed.understanding["not used"] == "Adj Close, Dividends, Stock Splits"
    assert understood(parsed, "stamp") == "start of the bar"
    assert first_and_last(parsed) == ("2026-05-26T08:00Z", "2026-06-03T18:15Z")


@pytest.mark.parametrize("symbol", ["AAPL", "MSFT", "SPY", "TSLA"])
def test_newest_first_naive_end_labels_become_the_normalised_bars(new_york, symbol: str) -> None:
    raw = parse_bars_csv(
        shared(f"data/us_equity_1m_raw/eqker_{symbol}_1min.csv"), sessions=new_york
    )
    assert understood(raw, "time zone") == "America/New_York"
    assert understood(raw, "stamp") == "end of the bar"
    assert raw.understanding["order"] == "newest first, turned round"
    normal = shared(f"data/us_equity_1m/{symbol}_2019-02-11_2019-02-15.csv")
    expected = parse_bars_csv(normal, sessions=new_york)
    assert understood(expected, "stamp") == "start of the bar"
    for name in ("ts", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(
            getattr(raw.columns, name), getattr(expected.columns, name), err_msg=name
        )


@pytest.mark.parametrize("side", ["ask", "bid"])
def test_currency_without_volume(new_york, side: str) -> None:
    parsed = parse_bars_csv(shared(f"data/fx_1m/gbpusd-m1-{side}-2012.csv"), sessions=new_york)
    assert (parsed.interval, len(parsed.columns)) == ("1m", 30117)
    assert np.isnan(parsed.columns.volume).all()
    assert first_and_last(parsed) == ("2012-02-01T00:00Z", "2012-03-01T00:00Z")


def test_a_gzipped_future_in_utc_by_its_columns_name(new_york) -> None:
    path = shared("data/futures_1m/6EH4.XCME_1min_bars_20240101_20240131.csv.gz")
    parsed = parse_bars_csv(path, sessions=new_york)
    assert understood(parsed, "time zone") == "UTC, by the column's name"
    assert (parsed.interval, len(parsed.columns)) == ("1m", 29996)
    assert first_and_last(parsed) == ("2024-01-01T23:01Z", "2024-01-31T23:59Z")


def test_crypto_without_a_gap(new_york) -> None:
    path = shared("data/crypto_1m/BTC-PERP_2021-12-31_2022-02-01.csv")
    parsed = parse_bars_csv(path, sessions=new_york)
    assert (np.diff(parsed.columns.ts) == MINUTE).all()
    assert (parsed.interval, len(parsed.columns), parsed.quarantine) == ("1m", 45031, ())


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("SPY_2025-07-01_2025-07-30", 19953),
        ("DBB_2023-07-10_2025-07", 38964),
        ("AAPL_2014-06-05_2014-06-09", 2303),
        ("GOOG_2015-12-23_2015-12-28", 1091),
        ("IBM_2013-10-04_2013-10-11", 2566),
        ("SPY_2013-10-04_2013-10-11", 4839),
    ],
)
def test_normalised_minutes_keep_their_stamps(new_york, name: str, count: int) -> None:
    path = shared(f"data/us_equity_1m/{name}.csv")
    parsed = parse_bars_csv(path, sessions=new_york)
    frame = pd.read_csv(path)
    stamps = pd.DatetimeIndex(pd.to_datetime(frame["timestamp"])).as_unit("ns").asi8
    assert understood(parsed, "stamp") == "start of the bar"
    assert parsed.columns.ts.tolist() == stamps.tolist()
    assert parsed.columns.close.tolist() == frame["close"].tolist()
    assert (len(parsed.columns), parsed.quarantine, parsed.duplicates) == (count, (), 0)


@pytest.mark.parametrize(
    ("name", "day"),
    [("IBM_2013-10-04_2013-10-11", "2013-10-04")]
    + [("DBB_2023-07-10_2025-07", f"2023-{day}") for day in ("09-08", "09-11", "10-06")],
)
def test_one_day_of_a_file_keeps_its_stamps(new_york, tmp_path: Path, name: str, day: str) -> None:
    """One interval too early would show the future; few bars must not be enough for that."""
    lines = shared(f"data/us_equity_1m/{name}.csv").read_text().splitlines()
    path = tmp_path / "X.csv"
    path.write_text("\n".join([lines[0], *(line for line in lines if line.startswith(day))]))
    parsed = parse_bars_csv(path, interval="1m", sessions=new_york)
    assert understood(parsed, "stamp") == "start of the bar"


@pytest.mark.parametrize("symbol", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_the_sample_data_are_the_published_days(new_york, symbol: str) -> None:
    from mismartera_core.builtin.sample_provider import load_daily

    path = shared(f"data/daily/wiki_{symbol}_daily.csv")
    parsed = parse_bars_csv(path, sessions=new_york)
    assert (parsed.interval, parsed.quarantine) == ("1d", ())
    daily, bars = load_daily()[symbol], parsed.columns
    for column, name in enumerate(("open", "high", "low", "close", "volume")):
        np.testing.assert_array_equal(daily.bars[:, column], getattr(bars, name))


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("SPY_2025-07-01_2025-07-30.csv", "SPY"),
        ("spy.csv", "SPY"),
        ("BRK.B.csv", "BRK.B"),
        ("wiki_AAPL_daily.csv", "AAPL"),
        ("BTC-PERP_2021-12-31_2022-02-01.csv", "BTC-PERP"),
        ("6EH4.XCME_1min_bars_20240101_20240131.csv.gz", "6EH4.XCME"),
        ("gbpusd-m1-ask-2012.csv", "GBPUSD"),
        ("1H_EURUSD.csv", "EURUSD"),
        ("SPY.CSV", "SPY"),
        ("spy_1min.TXT.GZ", "SPY"),
        ("2024-01-02.csv", ""),
    ],
)
def test_a_symbol_is_guessed_from_a_file_name(tmp_path, name: str, symbol: str) -> None:
    assert guess_symbol(tmp_path / name) == symbol

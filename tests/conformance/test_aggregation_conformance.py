"""Derived bars and gaps equal answers computed apart from us, on real bars."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from shared_data import shared

from mismartera_core.model.columns import PRICE_FIELDS, BarColumns, TickColumns
from mismartera_core.model.intervals import MINUTE, SECOND, interval_ns
from mismartera_core.services.bar_aggregation import aggregate, ticks_to_bars
from mismartera_core.services.gap_detection import absent, expected_opens, runs
from mismartera_core.services.session_rows import inside

NEW_YORK = ZoneInfo("America/New_York")
SERIES = {
    "SPY_2013": "SPY_2013-10-04_2013-10-11",
    "IBM_2013": "IBM_2013-10-04_2013-10-11",
    "AAPL_2014_split": "AAPL_2014-06-05_2014-06-09",
    "GOOG_2015_halfday": "GOOG_2015-12-23_2015-12-28",
    "SPY_2025-07_halfday": "SPY_2025-07-01_2025-07-30",
    "TSLA_2019": "TSLA_2019-02-11_2019-02-15",
    "DBB_2023-11_dst_halfday": "DBB_2023-07-10_2025-07",
    "DBB_2024-03_dst": "DBB_2023-07-10_2025-07",
    "DBB_all": "DBB_2023-07-10_2025-07",
}


def ns(stamps):
    return pd.to_datetime(stamps, utc=True).dt.as_unit("ns").astype("int64").to_numpy()


def sessions_of(days):
    """Open and close of each session, from the schedule of exchange_calendars 4.13.2."""
    name = "conformance/calendars/xnys_schedule_1990_2027_exchange_calendars_4.13.2.csv"
    table = pd.read_csv(shared(name)).set_index("session").loc[days]
    return ns(table.open), ns(table.close)


def extended_hours_of(days):
    """04:00 to 20:00 in New York, the anchor that the extended answers name."""
    edges = [
        [int(datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=NEW_YORK).timestamp()) * SECOND]
        for hour in ("04:00", "20:00")
        for day in days
    ]
    both = np.array(edges, dtype=np.int64).ravel()
    return both[: len(days)], both[len(days) :]


def real_bars(file, opens, closes, interval=MINUTE):
    table = pd.read_csv(file)
    ts = ns(table.timestamp)
    rows, session = inside(ts, opens, closes)
    columns = [table[name].to_numpy()[rows] for name in PRICE_FIELDS]
    return BarColumns.build(ts[rows], *columns, interval_ns=interval, session=session)


def assert_equal(bars, wanted):
    assert bars.ts.tolist() == ns(wanted.timestamp).tolist()
    for name in PRICE_FIELDS:
        assert bars.field(name).tolist() == wanted[name].astype(float).tolist(), name


@pytest.mark.parametrize("interval", ["5m", "15m", "30m", "1h", "1d"])
@pytest.mark.parametrize("hours", ["regular", "extended"])
@pytest.mark.parametrize("series", [name for name in SERIES if name != "DBB_all"])
def test_derived_bars_equal_pandas_and_polars(series, hours, interval):
    answers = pd.read_csv(shared(f"conformance/aggregation/{series}_{hours}.csv"))
    days = sorted(answers.session.unique())
    opens, closes = sessions_of(days) if hours == "regular" else extended_hours_of(days)
    bars = real_bars(shared(f"data/us_equity_1m/{SERIES[series]}.csv"), opens, closes)
    derived = aggregate(bars, interval_ns(interval), opens, closes)
    assert_equal(derived, answers[answers.timeframe == interval])
    assert (derived.available_at <= closes[derived.session]).all()


@pytest.mark.parametrize("symbol", ["SPY", "IBM"])
def test_minutes_from_ticks_equal_pandas(symbol):
    trades = pd.read_csv(shared(f"data/us_equity_ticks/{symbol}_2013-10-07_trades.csv.gz"))
    size = trades["size"] if "size" in trades else trades["quantity"]
    ticks = TickColumns(ns(trades.timestamp), trades.price.to_numpy(float), size.to_numpy(float))
    bars = ticks_to_bars(ticks, MINUTE, *extended_hours_of(["2013-10-07"]))
    answers = shared(f"conformance/aggregation/ticks_to_1m_{symbol}_2013-10-07.csv")
    assert_equal(bars, pd.read_csv(answers))


def test_minutes_from_seconds_equal_pandas():
    opens, closes = extended_hours_of(["2013-10-07"])
    file = shared("data/us_equity_1s/SPY_2013-10-07_trade.csv.gz")
    bars = aggregate(real_bars(file, opens, closes, SECOND), MINUTE, opens, closes)
    answers = shared("conformance/aggregation/seconds_to_1m_SPY_2013-10-07.csv")
    assert_equal(bars, pd.read_csv(answers))


@pytest.mark.parametrize("series", SERIES)
def test_absent_runs_equal_the_calendars_minutes(series):
    answers = pd.read_csv(shared("conformance/aggregation/_gaps_expected.csv"))
    answers = answers[answers.series == series].fillna({"gaps": ""})
    opens, closes = sessions_of(answers.session.tolist())
    bars = real_bars(shared(f"data/us_equity_1m/{SERIES[series]}.csv"), opens, closes)
    for number, answer in enumerate(answers.itertuples()):
        expected = expected_opens(int(opens[number]), int(closes[number]), MINUTE)
        rows = absent(bars.ts[bars.session == number], expected)
        first, lengths = runs(rows, expected, MINUTE)
        found = [len(expected), len(expected) - len(rows), len(first), max(lengths, default=0)]
        wanted = [answer.expected, answer.present, answer.n_gaps, answer.longest_gap_min]
        assert found == wanted, answer.session
        stamps = pd.to_datetime(expected[rows[first]]).strftime("%H:%M")
        text = " ".join(f"{at}+{bars}" for at, bars in zip(stamps, lengths, strict=True))
        assert answer.gaps in (text, f"({len(first)} gaps)"), answer.session

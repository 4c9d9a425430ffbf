"""Values against TA-Lib's own, stored; each test skips where the answers are absent."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from functools import cache
from pkgutil import resolve_name

import numpy as np
import pytest
from mismartera_indicators.catalogue import TABLES
from mismartera_indicators.plugin import mismartera_indicators
from shared_data import shared

from mismartera_core import BarColumns, interval_ns

INDICATORS = {record.name: record for record in mismartera_indicators()}
CANDLES = [row.name for row in TABLES["candlestick"]]
ANSWERS = "conformance/indicators"
SERIES = ("IBM_daily", "SPY_1m_RTH_2025-07-01_07-08")


def compute(name, bars, **params):
    record = INDICATORS[name]
    return resolve_name(record.factory)(
        bars, **resolve_name(record.config_model)(**params).model_dump()
    )


def bars_of(open_, high, low, close, volume):
    ts = np.arange(len(close)) * interval_ns("1d")
    return BarColumns.build(ts, open_, high, low, close, volume, interval_ns=interval_ns("1d"))


@cache
def columns(path):
    """Columns of a file by name, the first left out."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        names = lines.readline().strip().split(",")
    data = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=range(1, len(names))).T
    return dict(zip(names[1:], data, strict=True))


@cache
def bars_in(path):
    found = columns(path)
    return bars_of(*(found[name] for name in ("open", "high", "low", "close", "volume")))


TALIB = [
    ("SMA_5", "sma", "value", {"period": 5}),
    ("SMA_20", "sma", "value", {}),
    ("EMA_12", "ema", "value", {"period": 12}),
    ("EMA_20", "ema", "value", {}),
    ("WMA_20", "wma", "value", {}),
    ("DEMA_20", "dema", "value", {}),
    ("TEMA_20", "tema", "value", {}),
    ("KAMA_10", "kama", "value", {}),
    ("RSI_14", "rsi", "value", {}),
    ("MOM_10", "mom", "value", {}),
    ("ROC_10", "roc", "value", {}),
    ("MACD_12_26_9", "macd", "macd", {}),
    ("MACD_signal", "macd", "signal", {}),
    ("MACD_hist", "macd", "histogram", {}),
    ("TRANGE", "true_range", "value", {}),
    ("ATR_14", "atr", "value", {}),
    ("NATR_14", "natr", "value", {}),
    ("BB_upper_20_2", "bbands", "upper", {}),
    ("BB_mid_20", "bbands", "middle", {}),
    ("BB_lower_20_2", "bbands", "lower", {}),
    ("ADX_14", "adx", "adx", {}),
    ("PLUS_DI_14", "adx", "plus_di", {}),
    ("MINUS_DI_14", "adx", "minus_di", {}),
    ("STOCH_slowk_14_3", "stoch", "k", {}),
    ("STOCH_slowd_3", "stoch", "d", {}),
    ("CCI_20", "cci", "value", {}),
    ("WILLR_14", "willr", "value", {}),
    ("AROON_up_14", "aroon", "up", {}),
    ("AROON_down_14", "aroon", "down", {}),
    ("OBV", "obv", "value", {}),
    ("AD", "ad", "value", {}),
    ("MFI_14", "mfi", "value", {}),
    ("STDDEV_20_pop", "stddev", "value", {}),
    ("MAX_20", "donchian", "upper", {}),
    ("MIN_20", "donchian", "lower", {}),
    ("MAX_20", "highest", "value", {"source": "high"}),
    ("MIN_20", "lowest", "value", {"source": "low"}),
    ("SMA_50", "sma", "value", {"period": 50}),
    ("EMA_26", "ema", "value", {"period": 26}),
    ("TRIMA_20", "trima", "value", {}),
    ("T3_5_0.7", "t3", "value", {}),
    ("CMO_14", "cmo", "value", {}),
    ("TRIX_15", "trix", "value", {}),
    ("APO_12_26_ema", "apo", "value", {}),
    ("PPO_12_26_ema", "ppo", "value", {}),
    ("ADXR_14", "adxr", "value", {}),
    ("DX_14", "dx", "value", {}),
    ("STOCHF_fastk_14", "stochf", "k", {}),
    ("STOCHF_fastd_3", "stochf", "d", {}),
    ("STOCHRSI_fastk_14_14", "stochrsi", "k", {}),
    ("STOCHRSI_fastd_3", "stochrsi", "d", {}),
    ("ULTOSC_7_14_28", "ultosc", "value", {}),
    ("AROONOSC_14", "aroonosc", "value", {}),
    ("ADOSC_3_10", "adosc", "value", {}),
    ("BOP", "bop", "value", {}),
    ("SAR_0.02_0.2", "sar", "value", {}),
    ("VAR_20_pop", "var", "value", {}),
    ("LINEARREG_14", "linearreg", "value", {}),
    ("LINEARREG_SLOPE_14", "linearreg_slope", "value", {}),
    ("TSF_14", "tsf", "value", {}),
    ("TYPPRICE", "typprice", "value", {}),
    ("HT_TRENDLINE", "ht_trendline", "value", {}),
    ("MAMA", "mama", "mama", {}),
    ("FAMA", "mama", "fama", {}),
    ("SMA_20", "ma", "value", {}),
    ("EMA_20", "ma", "value", {"average": "ema"}),
    ("KAMA_10", "ma", "value", {"average": "kama", "period": 10}),
]


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize(("column", "name", "output", "params"), TALIB)
def test_talib(series, column, name, output, params):
    path = shared(f"{ANSWERS}/talib_{series}.csv")
    found = compute(name, bars_in(path), **params)[output]
    expected = columns(path)[column]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_every_column_of_talib_is_compared():
    path = shared(f"{ANSWERS}/talib_{SERIES[0]}.csv")
    ours = {"open", "high", "low", "close", "volume"} | {column for column, *_ in TALIB}
    assert ours == set(columns(path))


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("name", CANDLES)
def test_candlestick_patterns(series, name):
    bars = bars_in(shared(f"{ANSWERS}/talib_{series}.csv"))
    found = compute(name, bars)["value"]
    expected = columns(shared(f"{ANSWERS}/talib_cdl_{series}.csv"))[talib_name(name)]
    # TA-Lib says 0 where it cannot know yet.
    np.testing.assert_array_equal(np.nan_to_num(found), expected)


def talib_name(name):
    return name.replace("_", "").upper()


# Series of the events, and the file with its bars.
EVENTS = {
    "wiki_AAPL": "data/daily/wiki_AAPL_daily.csv",
    "wiki_FB": "data/daily/wiki_FB_daily.csv",
    "wiki_GOOG": "data/daily/wiki_GOOG_daily.csv",
    "wiki_MSFT": "data/daily/wiki_MSFT_daily.csv",
    "DBB_1m": "data/us_equity_1m/DBB_2023-07-10_2025-07.csv",
    "6EH4_1m": "data/futures_1m/6EH4.XCME_1min_bars_20240101_20240131.csv.gz",
    "btc_perp_1m": "data/crypto_1m/BTC-PERP_2021-12-31_2022-02-01.csv",
    "SPY_1m_2025-07_all_hours": "data/us_equity_1m/SPY_2025-07-01_2025-07-30.csv",
    "lean_SPY": "data/daily/lean_SPY_daily_raw.csv",
    "lean_IBM": "data/daily/lean_IBM_daily_raw.csv",
}


@cache
def events(path):
    """Row and value of every pattern found, by series and TA-Lib's name."""
    found = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[row["series"], row["pattern"]].append((int(row["index"]), float(row["value"])))
    return found


@pytest.mark.parametrize("series", EVENTS)
def test_candlestick_events(series):
    known = events(shared(f"{ANSWERS}/talib_cdl_events.csv.gz"))
    bars = bars_in(shared(EVENTS[series]))
    patterns = [name for name in CANDLES if (series, talib_name(name)) in known]
    assert patterns
    for name in patterns:
        found = np.nan_to_num(compute(name, bars)["value"])
        rows = np.flatnonzero(found).tolist()
        expected = known[series, talib_name(name)]
        assert list(zip(rows, found[rows].tolist(), strict=True)) == expected, name

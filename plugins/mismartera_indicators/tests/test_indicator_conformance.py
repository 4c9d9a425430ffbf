"""Values against answers nobody here computed; each test skips where the answers are absent."""

from __future__ import annotations

import csv
import json
import re
from pkgutil import resolve_name

import numpy as np
import pytest
from mismartera_indicators.plugin import mismartera_indicators
from shared_data import shared

from mismartera_core import BarColumns, interval_ns

INDICATORS = {record.name: record for record in mismartera_indicators()}
ANSWERS = "conformance/indicators"


def values(name, output, bars, **params):
    record = INDICATORS[name]
    validated = resolve_name(record.config_model)(**params).model_dump()
    return resolve_name(record.factory)(bars, **validated)[output]


def bars_of(open_, high, low, close, volume):
    ts = np.arange(len(close)) * interval_ns("1d")
    return BarColumns.build(ts, open_, high, low, close, volume, interval_ns=interval_ns("1d"))


def table(path):
    """Columns of a file by lower-case name, as numbers; what is blank or text is NaN."""
    with shared(path).open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {str(name).lower(): np.array([number(row[name]) for row in rows]) for name in rows[0]}


def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return np.nan


def same_where_both_are_known(found, expected, rtol, atol=0.0):
    both = np.isfinite(found) & np.isfinite(expected)
    assert both.any()
    np.testing.assert_allclose(found[both], expected[both], rtol=rtol, atol=atol)


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
]


@pytest.mark.parametrize("series", ["IBM_daily", "SPY_1m_RTH_2025-07-01_07-08"])
@pytest.mark.parametrize(("column", "name", "output", "params"), TALIB)
def test_talib(series, column, name, output, params):
    path = shared(f"{ANSWERS}/talib_{series}.csv")
    header = path.read_text().split("\n", 1)[0].split(",")
    data = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=range(1, len(header))).T
    found = values(name, output, bars_of(*data[:5]), **params)
    expected = data[header.index(column) - 1]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


# File and field of Stock.Indicators, ours, and from which row on the two agree: seeds of the
# exponential averages differ and fade; of two equal extremes our Aroon counts the newer.
STOCK_INDICATORS = [
    ("sma", "sma", "sma", "value", {}, 0),
    ("ema", "ema", "ema", "value", {}, 0),
    ("wma", "wma", "wma", "value", {"period": 14}, 0),
    ("dema", "dema", "dema", "value", {"period": 14}, 250),
    ("tema", "tema", "tema", "value", {}, 250),
    ("kama", "kama", "kama", "value", {}, 0),
    ("macd", "macd", "macd", "macd", {}, 250),
    ("macd", "signal", "macd", "signal", {}, 250),
    ("rsi", "rsi", "rsi", "value", {}, 0),
    ("stoch", "oscillator", "stoch", "k", {}, 0),
    ("stoch", "signal", "stoch", "d", {}, 0),
    ("cci", "cci", "cci", "value", {}, 0),
    ("roc", "roc", "roc", "value", {"period": 14}, 0),
    ("roc", "momentum", "mom", "value", {"period": 14}, 0),
    ("willr", "williamsR", "willr", "value", {}, 0),
    ("tr", "tr", "true_range", "value", {}, 0),
    ("atr", "atr", "atr", "value", {}, 0),
    ("atr", "atrp", "natr", "value", {}, 0),
    ("bb", "upperBand", "bbands", "upper", {}, 0),
    ("bb", "lowerBand", "bbands", "lower", {}, 0),
    ("stdev", "stdDev", "stddev", "value", {"period": 14}, 0),
    ("adl", "adl", "ad", "value", {}, 0),
    ("mfi", "mfi", "mfi", "value", {}, 0),
    ("adx", "adx", "adx", "adx", {}, 250),
    ("adx", "pdi", "adx", "plus_di", {}, 250),
    ("aroon", "aroonUp", "aroon", "up", {"period": 25}, 250),
    ("aroon", "aroonDown", "aroon", "down", {"period": 25}, 250),
    ("vwap", "vwap", "vwap", "vwap", {}, 0),
]


@pytest.mark.parametrize(("file", "field", "name", "output", "params", "first"), STOCK_INDICATORS)
def test_stock_indicators(file, field, name, output, params, first):
    folder = f"{ANSWERS}/stock_indicators"
    quotes = table(f"{folder}/_quotes_default_SPY_daily_2017_2018.csv")
    rows = json.loads(shared(f"{folder}/{file}.standard.json").read_text())
    expected = np.array([np.nan if row[field] is None else row[field] for row in rows])
    bars = bars_of(*(quotes[n] for n in ("open", "high", "low", "close", "volume")))
    found = values(name, output, bars, **params)
    same_where_both_are_known(found[first:], expected[first:], rtol=1e-6 if first else 1e-9)


def test_stock_indicators_count_balance_volume_from_zero():
    folder = f"{ANSWERS}/stock_indicators"
    quotes = table(f"{folder}/_quotes_default_SPY_daily_2017_2018.csv")
    rows = json.loads(shared(f"{folder}/obv.standard.json").read_text())
    bars = bars_of(*(quotes[n] for n in ("open", "high", "low", "close", "volume")))
    found = values("obv", "value", bars) - quotes["volume"][0]
    np.testing.assert_array_equal(found, [row["obv"] for row in rows])


@pytest.mark.parametrize(
    ("file", "column", "name", "output", "params", "rtol"),
    [
        ("cs-wma", "WMA", "wma", "value", {"period": 9}, 1e-6),
        ("cs-accum", "ADLine", "ad", "value", {}, 1e-3),
        ("cs-mfi", "MFI", "mfi", "value", {}, 1e-4),
        ("cs-dc", "upper_band", "donchian", "upper", {}, 1e-9),
        ("cs-dc", "lower_band", "donchian", "lower", {}, 1e-9),
    ],
)
def test_stockcharts(file, column, name, output, params, rtol):
    sheet = table(f"{ANSWERS}/stockcharts_via_ta/{file}.csv")
    blank = np.full(len(sheet["high"]), np.nan)
    bars = bars_of(*(sheet.get(n, blank) for n in ("open", "high", "low", "close", "volume")))
    found = values(name, output, bars, **params)
    same_where_both_are_known(found, sheet[column.lower()], rtol=rtol)


def test_stockcharts_vwap():
    sheet = table(f"{ANSWERS}/stockcharts_via_ta/cs-vwap.csv")
    bars = bars_of(sheet["close"], *(sheet[n] for n in ("high", "low", "close", "volume")))
    rolled_from = 14  # That sheet forgets what is older than 14 bars.
    np.testing.assert_allclose(
        values("vwap", "vwap", bars)[:rolled_from], sheet["vwap"][:rolled_from], rtol=1e-6
    )


# Vector of tulip, the columns it takes, ours with the factor between the two.
TULIP = [
    ("ad", "hlcv", "ad", "value", (), 1.0),
    ("aroon 5", "hl", "aroon", "down up", ("period",), 1.0),
    ("bbands 5 2", "c", "bbands", "lower middle upper", ("period", "deviations"), 1.0),
    ("cci 5", "hlc", "cci", "value", ("period",), 1.0),
    ("kama 4", "c", "kama", "value", ("period",), 1.0),
    ("max 3", "c", "highest", "value", ("period",), 1.0),
    ("mfi 14", "hlcv", "mfi", "value", ("period",), 1.0),
    ("min 3", "c", "lowest", "value", ("period",), 1.0),
    ("mom 3", "c", "mom", "value", ("period",), 1.0),
    ("roc 3", "c", "roc", "value", ("period",), 0.01),
    ("sma 5", "c", "sma", "value", ("period",), 1.0),
    ("stddev 5", "c", "stddev", "value", ("period",), 1.0),
    ("stoch 5 3 3", "hlc", "stoch", "k d", ("period", "k_smoothing", "d_smoothing"), 1.0),
    ("willr 5", "hlc", "willr", "value", ("period",), 1.0),
    ("wma 5", "c", "wma", "value", ("period",), 1.0),
]


@pytest.mark.parametrize(("vector", "columns", "name", "outputs", "names", "factor"), TULIP)
def test_tulip(vector, columns, name, outputs, names, factor):
    checked = 0
    for file in ("atoz", "extra", "untest"):
        text = shared(f"{ANSWERS}/tulip/{file}.txt").read_text()
        for block in re.findall(rf"^{vector}\s*\n((?:(?:#.*|{{.*}})\n)+)", text, re.M):
            arrays = [
                np.array(line.strip("{}").split(","), dtype=float)
                for line in block.splitlines()
                if line.startswith("{")
            ]
            inputs, expected = arrays[: len(columns)], arrays[len(columns) :]
            blank = np.full(len(inputs[0]), 1.0)
            given = dict(zip(columns, inputs, strict=True))
            bars = bars_of(*(given.get(letter, blank) for letter in "ohlcv"))
            params = dict(zip(names, map(int, vector.split()[1:]), strict=True))
            for output, answer in zip(outputs.split(), expected, strict=True):
                found = factor * values(name, output, bars, **params)
                same_at_the_end(found, answer)
                checked += 1
    assert checked


def same_at_the_end(found, answer):
    """Tulip gives no warm-up and rounds to three digits or more."""
    warm = found[np.isfinite(found)]
    count = min(len(warm), len(answer))
    assert count
    np.testing.assert_allclose(warm[-count:], answer[-count:], rtol=1e-3, atol=1e-3)

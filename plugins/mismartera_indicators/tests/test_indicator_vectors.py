"""Values against answers of other libraries; each test skips where the answers are absent.

Seeds differ: many begin an exponential average with the first value, TA-Lib with a mean. Where a
case has a lead, so many copies of the first bar stand before the bars, after which the two agree.
"""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from pkgutil import resolve_name

import numpy as np
import pytest
from mismartera_indicators.plugin import mismartera_indicators
from shared_data import shared

from mismartera_core import BarColumns, interval_ns

INDICATORS = {record.name: record for record in mismartera_indicators()}
ANSWERS = "conformance/indicators"
FIELDS = ("open", "high", "low", "close", "volume")


def values(name, output, given, lead=0, session=None, **params):
    """An output on columns by name; those that are not given are 1."""
    record = INDICATORS[name]
    rows = len(next(iter(given.values())))
    columns = [given.get(field, np.ones(rows)) for field in FIELDS]
    columns = [np.concatenate([np.full(lead, column[0]), column]) for column in columns]
    ts = np.arange(rows + lead) * interval_ns("1d")
    bars = BarColumns.build(ts, *columns, interval_ns=interval_ns("1d"), session=session)
    validated = resolve_name(record.config_model)(**params).model_dump()
    return resolve_name(record.factory)(bars, **validated)[output][lead:]


@cache
def table(path):
    """Columns of a file by lower-case name, as numbers; what is blank or text is NaN."""
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {str(name).lower(): np.array([number(row[name]) for row in rows]) for name in rows[0]}


def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return np.nan


def known_in_both(found, expected):
    both = np.isfinite(found) & np.isfinite(expected)
    return found[both], expected[both]


# File and field of Stock.Indicators, ours, and from which row on the two agree: seeds of the
# exponential averages differ and fade; of two equal extremes our Aroon counts the newer.
STOCK_INDICATORS = [
    ("adl", "adl", "ad", "value", {}, 0),
    ("adx", "adx", "adx", "adx", {}, 250),
    ("adx", "dx", "dx", "value", {}, 250),
    ("adx", "mdi", "adx", "minus_di", {}, 250),
    ("adx", "pdi", "adx", "plus_di", {}, 250),
    ("aroon", "aroonDown", "aroon", "down", {"period": 25}, 250),
    ("aroon", "aroonUp", "aroon", "up", {"period": 25}, 250),
    ("aroon", "oscillator", "aroonosc", "value", {"period": 25}, 250),
    ("atr", "atr", "atr", "value", {}, 0),
    ("atr", "atrp", "natr", "value", {}, 0),
    ("awesome", "oscillator", "ao", "value", {}, 0),
    ("bb", "lowerBand", "bbands", "lower", {}, 0),
    ("bb", "sma", "bbands", "middle", {}, 0),
    ("bb", "upperBand", "bbands", "upper", {}, 0),
    ("cci", "cci", "cci", "value", {}, 0),
    ("chaikin-osc", "oscillator", "adosc", "value", {}, 250),
    ("cmf", "cmf", "cmf", "value", {}, 0),
    ("cmo", "cmo", "cmou", "value", {}, 0),
    ("dema", "dema", "dema", "value", {"period": 14}, 250),
    ("ema", "ema", "ema", "value", {}, 0),
    ("heikinashi", "close", "heikin_ashi", "close", {}, 0),
    ("heikinashi", "high", "heikin_ashi", "high", {}, 0),
    ("heikinashi", "low", "heikin_ashi", "low", {}, 0),
    ("heikinashi", "open", "heikin_ashi", "open", {}, 0),
    ("hma", "hma", "hma", "value", {"period": 14}, 0),
    ("ichimoku", "kijunSen", "ichimoku", "base", {}, 0),
    ("ichimoku", "senkouSpanA", "ichimoku", "span_a", {}, 0),
    ("ichimoku", "senkouSpanB", "ichimoku", "span_b", {}, 0),
    ("ichimoku", "tenkanSen", "ichimoku", "conversion", {}, 0),
    ("kama", "er", "er", "value", {}, 0),
    ("kama", "kama", "kama", "value", {}, 0),
    ("keltner", "centerline", "keltner", "middle", {}, 0),
    ("keltner", "lowerBand", "keltner", "lower", {}, 0),
    ("keltner", "upperBand", "keltner", "upper", {}, 0),
    ("macd", "histogram", "macd", "histogram", {}, 250),
    ("macd", "macd", "macd", "macd", {}, 250),
    ("macd", "signal", "macd", "signal", {}, 250),
    ("mfi", "mfi", "mfi", "value", {}, 0),
    ("psar", "sar", "sar", "value", {}, 260),
    ("roc", "momentum", "mom", "value", {"period": 14}, 0),
    ("roc", "roc", "roc", "value", {"period": 14}, 0),
    ("rsi", "rsi", "rsi", "value", {}, 0),
    ("slope", "rSquared", "linearreg_r2", "value", {}, 0),
    ("slope", "slope", "linearreg_slope", "value", {}, 0),
    ("sma", "sma", "sma", "value", {}, 0),
    ("stdev", "mean", "sma", "value", {"period": 14}, 0),
    ("stdev", "stdDev", "stddev", "value", {"period": 14}, 0),
    ("stoch", "oscillator", "stoch", "k", {}, 0),
    ("stoch", "signal", "stoch", "d", {}, 0),
    ("stoch-rsi", "signal", "stochrsi", "d", {}, 0),
    ("stoch-rsi", "stochRsi", "stochrsi", "k", {}, 0),
    ("supertrend", "superTrend", "supertrend", "value", {}, 0),
    ("tema", "tema", "tema", "value", {}, 250),
    ("tr", "tr", "true_range", "value", {}, 0),
    ("uo", "ultimate", "ultosc", "value", {}, 0),
    ("vwap", "vwap", "vwap", "vwap", {}, 0),
    ("vwma", "vwma", "vwma", "value", {"period": 14}, 0),
    ("willr", "williamsR", "willr", "value", {}, 0),
    ("wma", "wma", "wma", "value", {"period": 14}, 0),
]


def quotes():
    return table(shared(f"{ANSWERS}/stock_indicators/_quotes_default_SPY_daily_2017_2018.csv"))


def stored(file):
    """Fields of an answer as columns, and the months of its rows."""
    rows = json.loads(shared(f"{ANSWERS}/stock_indicators/{file}.standard.json").read_text())
    columns = {
        field: np.array([np.nan if row[field] is None else row[field] for row in rows])
        for field in rows[0]
        if not isinstance(rows[-1][field], str | dict)
    }
    return columns, [row["timestamp"][:7] for row in rows]


@pytest.mark.parametrize(("file", "field", "name", "output", "params", "first"), STOCK_INDICATORS)
def test_stock_indicators(file, field, name, output, params, first):
    expected = stored(file)[0][field][first:]
    found = values(name, output, quotes(), **params)[first:]
    scale = np.nanmax(np.abs(expected))
    ours, theirs = known_in_both(found, expected)
    assert len(ours) > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-6 if first else 1e-9, atol=1e-11 * scale)


def test_stock_indicators_count_balance_volume_from_zero():
    found = values("obv", "value", quotes()) - quotes()["volume"][0]
    np.testing.assert_array_equal(found, stored("obv")[0]["obv"])


@pytest.mark.parametrize(
    ("field", "output"),
    [("upperBand", "upper"), ("centerline", "middle"), ("lowerBand", "lower")],
)
def test_stock_indicators_leave_the_current_bar_out_of_donchian(field, output):
    found = values("donchian", output, quotes())[:-1]
    np.testing.assert_array_equal(found[19:], stored("donchian")[0][field][20:])


@pytest.mark.parametrize("level", ["r1", "r2", "r3", "s1", "s2", "s3", "pivot"])
def test_stock_indicators_pivots_of_the_month_before(level):
    answers, months = stored("pivot-points")
    number = np.unique(months, return_inverse=True)[1]
    found = values("pivots", level, quotes(), session=number)
    np.testing.assert_allclose(found, answers["pp" if level == "pivot" else level], rtol=1e-12)


# Sheet and column, ours, the lead, how near, a factor, and from which row on.
STOCKCHARTS = [
    ("cs-accum", "ADLine", "ad", "value", {}, 0, 1e-3, 1.0, 0),
    ("cs-adx", "+DI14", "adx", "plus_di", {}, 0, 1e-6, 1.0, 250),
    ("cs-adx", "-DI14", "adx", "minus_di", {}, 0, 1e-6, 1.0, 250),
    ("cs-adx", "+DM14", "dm", "plus_dm", {}, 0, 1e-6, 1.0, 250),
    ("cs-adx", "DX", "dx", "value", {}, 0, 1e-6, 1.0, 250),
    ("cs-adx", "ADX", "adx", "adx", {}, 0, 1e-6, 1.0, 250),
    ("cs-atr", "ATR", "atr", "value", {}, 1, 1e-8, 1.0, 13),
    ("cs-atr2", "ATR", "atr", "value", {"period": 10}, 1, 1e-8, 1.0, 9),
    ("cs-bbands", "HighBand", "bbands", "upper", {}, 0, 1e-8, 1.0, 0),
    ("cs-bbands", "LowBand", "bbands", "lower", {}, 0, 1e-8, 1.0, 0),
    ("cs-bbands", "MiddleBand", "bbands", "middle", {}, 0, 1e-8, 1.0, 0),
    ("cs-cci", "CCI", "cci", "value", {}, 0, 1e-5, 1.0, 0),
    ("cs-dc", "lower_band", "donchian", "lower", {}, 0, 1e-9, 1.0, 0),
    ("cs-dc", "upper_band", "donchian", "upper", {}, 0, 1e-9, 1.0, 0),
    ("cs-easeofmovement", "EMV", "ease_of_movement", "value", {}, 0, 1e-7, 1.0, 0),
    ("cs-easeofmovement", "SMA_EMV", "ease_of_movement", "average", {}, 0, 1e-7, 1.0, 0),
    ("cs-kama", "ER", "er", "value", {}, 0, 1e-5, 1.0, 0),
    ("cs-kama", "KAMA", "kama", "value", {}, 0, 1e-8, 1.0, 0),
    ("cs-kc", "middle_band", "keltner", "middle", {}, 20, 1e-9, 1.0, 0),
    ("cs-macd", "MACD_line", "macd", "macd", {}, 40, 1e-8, 1.0, 1),
    ("cs-macd", "MACD_signal", "macd", "signal", {}, 40, 1e-6, 1.0, 80),
    ("cs-mfi", "MFI", "mfi", "value", {}, 0, 1e-4, 1.0, 0),
    ("cs-obv", "OBV", "obv", "value", {}, 0, 1e-12, 1.0, 0),
    ("cs-percentr", "Williams_%R", "willr", "value", {}, 0, 1e-7, 1.0, 0),
    ("cs-ppo", "PPO", "ppo", "value", {}, 30, 1e-8, 1.0, 1),
    ("cs-psar", "psar_down", "sar", "value", {}, 0, 1e-8, 1.0, 10),
    ("cs-psar", "psar_up", "sar", "value", {}, 0, 1e-8, 1.0, 0),
    ("cs-pvo", "PVO", "pvo", "value", {}, 30, 1e-8, 1.0, 1),
    ("cs-roc", "ROC", "roc", "value", {"period": 12}, 0, 1e-8, 1.0, 0),
    ("cs-rsi", "RSI", "rsi", "value", {}, 20, 1e-7, 1.0, 0),
    ("cs-soo", "SO", "stochf", "k", {}, 0, 1e-7, 1.0, 0),
    ("cs-soo", "SO_SIG", "stochf", "d", {}, 0, 1e-7, 1.0, 0),
    ("cs-stc", "stc", "schaff", "value", {}, 120, 1e-8, 1.0, 0),
    ("cs-stochrsi", "StochRSI(14)", "stochrsi", "k", {"d_smoothing": 1}, 20, 1e-6, 0.01, 0),
    ("cs-ui", "ulcer_index", "ulcer", "value", {}, 13, 1e-8, 1.0, 0),
    ("cs-ultosc", "Ult_Osc", "ultosc", "value", {}, 0, 1e-8, 1.0, 0),
    ("cs-vortex", "+VI14", "vortex", "plus", {}, 0, 1e-6, 1.0, 0),
    ("cs-vortex", "-VI14", "vortex", "minus", {}, 0, 1e-6, 1.0, 0),
    ("cs-vpt", "unsmoothed vpt", "pvt", "value", {}, 0, 1e-9, 1.0, 0),
    ("cs-wma", "WMA", "wma", "value", {"period": 9}, 0, 1e-6, 1.0, 0),
]


@pytest.mark.parametrize(
    ("file", "column", "name", "output", "params", "lead", "rtol", "factor", "first"), STOCKCHARTS
)
def test_stockcharts(file, column, name, output, params, lead, rtol, factor, first):
    sheet = table(shared(f"{ANSWERS}/stockcharts_via_ta/{file}.csv"))
    given = {field: sheet[field] for field in FIELDS if field in sheet}
    found = factor * values(name, output, given, lead, **params)
    ours, theirs = known_in_both(found[first:], sheet[column.lower()][first:])
    assert len(ours) > 0
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-9)


def test_stockcharts_vwap():
    sheet = table(shared(f"{ANSWERS}/stockcharts_via_ta/cs-vwap.csv"))
    rolled_from = 14  # That sheet forgets what is older than 14 bars.
    found = values("vwap", "vwap", {field: sheet[field] for field in FIELDS if field in sheet})
    np.testing.assert_allclose(found[:rolled_from], sheet["vwap"][:rolled_from], rtol=1e-6)


def test_stockcharts_true_strength():
    sheet = table(shared(f"{ANSWERS}/stockcharts_via_ta/cs-tsi.csv"))
    found = values("tsi", "value", {"close": sheet["close"]})
    ours, theirs = known_in_both(found[100:], sheet["tsi"][100:])
    assert len(ours) > 100
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=0.02)


# Vectors of tulip, the columns they take, ours, what their numbers are, the factor between the two,
# the lead, and what else we are told. Its averages of averages (dema, tema, trix, mass) each begin
# at another bar, and its adx a bar earlier; the vectors are too short for that to fade.
TULIP = [
    ("abands", "hlc", "accbands", "lower upper middle", "period", 1.0, 0, {}),
    ("ad", "hlcv", "ad", "value", "", 1.0, 0, {}),
    ("adosc", "hlcv", "adosc", "value", "fast slow", 1.0, 0, {}),
    ("alma", "c", "alma", "value", "period offset sigma", 1.0, 0, {}),
    ("ao", "hl", "ao", "value", "", 1.0, 0, {}),
    ("apo", "c", "apo", "value", "fast slow", 1.0, 200, {}),
    ("aroon", "hl", "aroon", "down up", "period", 1.0, 0, {}),
    ("aroonosc", "hl", "aroonosc", "value", "period", 1.0, 0, {}),
    ("atr", "hlc", "atr", "value", "period", 1.0, 1, {}),
    ("avgprice", "ohlc", "avgprice", "value", "", 1.0, 0, {}),
    ("bbands", "c", "bbands", "lower middle upper", "period deviations", 1.0, 0, {}),
    ("bop", "ohlc", "bop", "value", "", 1.0, 0, {}),
    ("cci", "hlc", "cci", "value", "period", 1.0, 0, {}),
    ("cmf", "hlcv", "cmf", "value", "period", 1.0, 0, {}),
    ("cmo", "c", "cmou", "value", "period", 1.0, 0, {}),
    ("cvi 5", "hl", "cvi", "value", "period", 1.0, 200, {"change": 5}),
    ("di", "hlc", "adx", "plus_di minus_di", "period", 1.0, 0, {}),
    ("dm", "hl", "dm", "plus_dm minus_dm", "period", 1.0, 0, {}),
    ("dpo", "c", "dpo", "value", "period", 1.0, 0, {}),
    ("dx", "hl", "dx", "value", "period", 1.0, 0, {}),
    ("ema", "c", "ema", "value", "period", 1.0, 200, {}),
    ("emv", "hlv", "ease_of_movement", "value", "", 1.0, 0, {"scale": 1e4}),
    ("fisher", "hl", "fisher", "fisher trigger", "period", 1.0, 0, {}),
    ("fosc", "c", "fosc", "value", "period", 1.0, 0, {}),
    ("hma", "c", "hma", "value", "period", 1.0, 0, {}),
    ("ikhts", "hl", "ichimoku", "conversion", "conversion", 1.0, 0, {}),
    ("kama", "c", "kama", "value", "period", 1.0, 0, {}),
    ("kvo", "hlcv", "klinger", "value", "fast slow", 1.0, 0, {}),
    ("linreg", "c", "linearreg", "value", "period", 1.0, 0, {}),
    ("linregintercept", "c", "linearreg_intercept", "value", "period", 1.0, 0, {}),
    ("linregslope", "c", "linearreg_slope", "value", "period", 1.0, 0, {}),
    ("ln", "c", "ln", "value", "", 1.0, 0, {}),
    ("marketfi", "hlv", "marketfi", "value", "", 1.0, 0, {}),
    ("max", "c", "highest", "value", "period", 1.0, 0, {}),
    ("md", "c", "avgdev", "value", "period", 1.0, 0, {}),
    ("medprice", "hl", "medprice", "value", "", 1.0, 0, {}),
    ("mfi", "hlcv", "mfi", "value", "period", 1.0, 0, {}),
    ("min", "c", "lowest", "value", "period", 1.0, 0, {}),
    ("mom", "c", "mom", "value", "period", 1.0, 0, {}),
    ("natr", "hlc", "natr", "value", "period", 1.0, 1, {}),
    ("nvi", "cv", "nvi", "value", "", 1.0, 0, {}),
    ("ppo", "c", "ppo", "value", "fast slow", 1.0, 200, {}),
    ("pvi", "cv", "pvi", "value", "", 1.0, 0, {}),
    ("qstick", "oc", "qstick", "value", "period", 1.0, 0, {}),
    ("roc", "c", "roc", "value", "period", 0.01, 0, {}),
    ("rocr", "c", "rocr", "value", "period", 1.0, 0, {}),
    ("rsi", "c", "rsi", "value", "period", 1.0, 0, {}),
    ("sma", "c", "sma", "value", "period", 1.0, 0, {}),
    ("stddev", "c", "stddev", "value", "period", 1.0, 0, {}),
    ("stderr", "c", "stderr", "value", "period", 1.0, 0, {}),
    ("stoch", "hlc", "stoch", "k d", "period k_smoothing d_smoothing", 1.0, 0, {}),
    ("stochrsi 5", "c", "stochrsi", "k", "period", 0.01, 0, {"k_period": 5, "d_smoothing": 1}),
    ("sum", "c", "sum", "value", "period", 1.0, 0, {}),
    ("tr", "hlc", "true_range", "value", "", 1.0, 0, {}),
    ("trima", "c", "trima", "value", "period", 1.0, 0, {}),
    ("tsf", "c", "tsf", "value", "period", 1.0, 0, {}),
    ("typprice", "hlc", "typprice", "value", "", 1.0, 0, {}),
    ("ultosc", "hlc", "ultosc", "value", "short medium long", 1.0, 0, {}),
    ("var", "c", "var", "value", "period", 1.0, 0, {}),
    ("vhf", "c", "vhf", "value", "period", 1.0, 0, {}),
    ("vidya", "c", "vidya", "value", "fast slow alpha", 1.0, 0, {}),
    ("volatility", "c", "historical_volatility", "value", "period", 0.01, 0, {}),
    ("vosc", "v", "pvo", "value", "fast slow", 1.0, 0, {"average": "sma"}),
    ("vwma", "cv", "vwma", "value", "period", 1.0, 0, {}),
    ("wad", "hlc", "wad", "value", "", 1.0, 0, {}),
    ("wcprice", "hlc", "wclprice", "value", "", 1.0, 0, {}),
    ("wilders", "c", "rma", "value", "period", 1.0, 0, {}),
    ("willr", "hlc", "willr", "value", "period", 1.0, 0, {}),
    ("wma", "c", "wma", "value", "period", 1.0, 0, {}),
]
LETTERS = dict(zip("ohlcv", FIELDS, strict=True))


@pytest.mark.parametrize(
    ("vector", "letters", "name", "outputs", "names", "factor", "lead", "more"),
    TULIP,
    ids=[case[0] for case in TULIP],
)
def test_tulip(vector, letters, name, outputs, names, factor, lead, more):
    checked = 0
    for numbers, arrays in vectors(vector):
        if len(arrays) != len(letters) + len(outputs.split()):
            continue  # An older form of the function, without the close.
        given = {LETTERS[c]: column for c, column in zip(letters, arrays, strict=False)}
        params = dict(zip(names.split(), numbers, strict=False)) | more
        for output, answer in zip(outputs.split(), arrays[len(letters) :], strict=True):
            found = factor * values(name, output, given, lead, **params)
            checked += same_at_the_end(found, answer)
    assert checked


def test_tulip_chandelier():
    """The vector has one answer more than its bars give."""
    ((_, (high, low, close, *answers)),) = vectors("ce")
    given = {"high": high, "low": low, "close": close}
    for output, answer in zip(("long", "short"), answers, strict=True):
        found = values("chandelier", output, given, lead=1)
        warm = found[np.isfinite(found)]
        np.testing.assert_allclose(warm, answer[: len(warm)], atol=1e-3)


def vectors(name):
    """Numbers and arrays of every block with that name."""
    for file in ("atoz", "extra", "untest"):
        text = shared(f"{ANSWERS}/tulip/{file}.txt").read_text()
        for numbers, block in re.findall(
            rf"^{name}((?: [\d.]+)*)\s*\n((?:(?:#.*|{{.*)\n)+)", text, re.MULTILINE
        ):
            asked = [float(it) if "." in it else int(it) for it in (name + numbers).split()[1:]]
            lines = [line for line in block.splitlines() if line.startswith("{")]
            yield (
                asked,
                [
                    np.array([float(n) for n in line.strip("{}; ").split(",") if n.strip()])
                    for line in lines
                ],
            )


def same_at_the_end(found, answer):
    """Tulip gives no warm-up and rounds to three digits or more; how many were compared."""
    warm = found[np.isfinite(found)]
    count = min(len(warm), len(answer))
    if count:
        np.testing.assert_allclose(warm[-count:], answer[-count:], rtol=1e-3, atol=1e-3)
    return count

"""Direction, channels and price levels."""

from __future__ import annotations

from mismartera_indicators.catalogue.row import Row

_CHANNEL = ("upper", "middle", "lower")
_RANGE = ("high", "low")
_CLASSIC = ("pivot", "r1", "r2", "r3", "s1", "s2", "s3")
_CAMARILLA = ("pivot", "r1", "r2", "r3", "r4", "s1", "s2", "s3", "s4")

_DIRECTION = (
    Row(
        "macd",
        "Macd",
        "Moving average convergence and divergence",
        "Formula: macd = ema(fast) - ema(slow), both begun at the same bar; signal = ema(macd, "
        "signal); histogram = macd - signal. Units: those of the source. "
        "Warm-up: slow + signal - 2 bars. Source: Appel (1979); TA-Lib MACD.",
        ("macd", "signal", "histogram"),
    ),
    Row(
        "macdext",
        "MacdExtended",
        "MACD of averages whose kind is chosen",
        "Formula: macd = average(fast) - average(slow); signal = average(macd, signal); histogram "
        "= macd - signal. Units: those of the source. Warm-up: slow + signal - 2 bars for simple "
        "averages. Source: TA-Lib MACDEXT.",
        ("macd", "signal", "histogram"),
    ),
    Row(
        "macdfix",
        "MacdFixed",
        "MACD 12/26 with Appel's fixed factors",
        "Formula: as macd, with the factors 0.15 and 0.075 for the two averages. Units: those of "
        "the source. Warm-up: 24 + signal bars. Source: TA-Lib MACDFIX.",
        ("macd", "signal", "histogram"),
    ),
    Row(
        "adx",
        "bar_params:Period14",
        "Average directional index, +DI and -DI",
        "Formula: +DM and -DM are the larger of the rise of the high and the fall of the low (else "
        "0); plus_di and minus_di = 100 * DM / true range, both smoothed by Wilder over `period`; "
        "adx = Wilder's average of 100 * |plus_di - minus_di| / (plus_di + minus_di). Units: 0 to "
        "100. Warm-up: 2 * period - 1 bars (plus_di, minus_di: period). Source: Wilder (1978); "
        "TA-Lib ADX, PLUS_DI, MINUS_DI.",
        ("adx", "plus_di", "minus_di"),
        talib=("ADX", "PLUS_DI", "MINUS_DI"),
    ),
    Row(
        "adxr",
        "bar_params:Period14",
        "Average directional index rating",
        "Formula: mean of adx and the adx period - 1 bars before. Units: 0 to 100. "
        "Warm-up: 3 * period - 2 bars. Source: Wilder (1978); TA-Lib ADXR.",
    ),
    Row(
        "dx",
        "bar_params:Period14",
        "Directional index",
        "Formula: 100 * |plus_di - minus_di| / (plus_di + minus_di), see adx. Units: 0 to 100. "
        "Warm-up: period bars. Source: Wilder (1978); TA-Lib DX.",
    ),
    Row(
        "dm",
        "bar_params:Period14",
        "Directional movement, up and down",
        "Formula: Wilder's running sum over `period` of +DM and -DM, see adx. Units: price. "
        "Warm-up: period - 1 bars. Source: Wilder (1978); TA-Lib PLUS_DM, MINUS_DM.",
        ("plus_dm", "minus_dm"),
        talib=("PLUS_DM", "MINUS_DM"),
    ),
    Row(
        "aroon",
        "bar_params:Period14",
        "Age of the highest high and the lowest low",
        outputs=("up", "down"),
        module="channels",
    ),
    Row(
        "aroonosc",
        "bar_params:Period14",
        "Aroon oscillator",
        "Formula: up - down of aroon. Units: -100 to 100. Warm-up: period bars. "
        "Source: Chande (1995); TA-Lib AROONOSC.",
    ),
    Row(
        "vortex",
        "bar_params:Period14",
        "Vortex indicator",
        "Formula: plus = sum |high - low before| / sum of true ranges over `period`, minus = sum "
        "|low - high before| / the same. Units: none, around 1. Warm-up: period bars. "
        "Source: Botes and Siepman (2010); TA-Lib VORTEX.",
        ("plus", "minus"),
    ),
    Row(
        "sar",
        "bar_params:Sar",
        "Parabolic stop and reverse",
        "Formula: sar += a * (extreme - sar), a grows by `acceleration` with every new extreme up "
        "to `maximum`; turns where the price crosses it. Units: price. Warm-up: 1 bars. "
        "Source: Wilder (1978); TA-Lib SAR.",
    ),
    Row(
        "sarext",
        "bar_params:SarExtended",
        "Parabolic stop with factors for each direction",
        "Formula: as sar; negative while short. Units: price. Warm-up: 1 bars. "
        "Source: TA-Lib SAREXT.",
    ),
    Row(
        "supertrend",
        "bar_params:Supertrend",
        "Band of true ranges that is not let back, and its direction",
        outputs=("value", "direction"),
        module="channels",
    ),
    Row(
        "fractal",
        "bar_params:Fractal",
        "Turning points, told once they are confirmed",
        outputs=("high", "low"),
        module="channels",
    ),
)

_CHANNELS = (
    Row(
        "donchian",
        "bar_params:Period20",
        "Highest high and lowest low",
        "Formula: upper = highest high, lower = lowest low of the last `period` bars, the current "
        "one included; middle = their mean. Units: price. Warm-up: period - 1 bars. "
        "Source: Donchian; TA-Lib DONCHIAN.",
        _CHANNEL,
    ),
    Row(
        "accbands",
        "bar_params:Period20",
        "Acceleration bands",
        "Formula: upper = sma of high * (1 + 4 * w), lower = sma of low * (1 - 4 * w), w = (high - "
        "low) / (high + low); middle = sma of the close. Units: price. Warm-up: period - 1 bars. "
        "Source: Headley; TA-Lib ACCBANDS.",
        _CHANNEL,
    ),
    Row(
        "keltner",
        "Keltner",
        "Band of true ranges around an exponential average",
        outputs=_CHANNEL,
        module="channels",
    ),
    Row(
        "ichimoku",
        "bar_params:Ichimoku",
        "Ichimoku lines and cloud, nothing displaced from the future",
        outputs=("conversion", "base", "span_a", "span_b", "lead_a", "lead_b"),
        module="channels",
    ),
)

_LEVELS = (
    Row(
        "opening_range",
        "session_params:OpeningRange",
        "High and low of the session's first minutes",
        outputs=_RANGE,
        module="session",
    ),
    Row(
        "previous_day",
        "Params",
        "Open, high, low and close of the session before",
        outputs=("close", "high", "low", "open"),
        module="levels",
    ),
    Row("gap", "Params", "Gap of the session's open, percent", module="levels"),
    Row(
        "premarket",
        "session_params:PreMarket",
        "High and low before regular hours",
        outputs=_RANGE,
        module="levels",
        example={"opens": "09:30 America/New_York"},
    ),
    Row(
        "pivots",
        "Params",
        "Classic pivot levels of the session before",
        outputs=_CLASSIC,
        module="levels",
    ),
    Row(
        "pivots_fibonacci",
        "Params",
        "Fibonacci pivot levels of the session before",
        outputs=_CLASSIC,
        module="levels",
    ),
    Row(
        "pivots_camarilla",
        "Params",
        "Camarilla pivot levels of the session before",
        outputs=_CAMARILLA,
        module="levels",
    ),
)

ROWS = (*_DIRECTION, *_CHANNELS, *_LEVELS)

"""Volume that confirms or contradicts the price.

Where the volume of a bar is unknown (NaN), what runs on from bar to bar starts again after it.
"""

from __future__ import annotations

from mismartera_indicators.catalogue.row import Row

_VWAP = ("vwap", "upper", "lower")

ROWS = (
    Row(
        "obv",
        "Params",
        "On-balance volume",
        "Formula: the first bar's volume, plus the volume of every bar that closed higher than the "
        "one before, minus that of every bar that closed lower. Units: units traded. "
        "Warm-up: 0 bars. Source: Granville (1963); TA-Lib OBV.",
    ),
    Row(
        "ad",
        "Params",
        "Accumulation and distribution line",
        "Formula: running sum of volume * ((close - low) - (high - close)) / (high - low); a bar "
        "without a range adds nothing. Units: units traded. Warm-up: 0 bars. Source: Chaikin; "
        "TA-Lib AD.",
    ),
    Row(
        "adosc",
        "bar_params:ChaikinOscillator",
        "Chaikin's oscillator",
        "Formula: ema(ad, fast) - ema(ad, slow), both begun with the first value of ad. "
        "Units: units traded. Warm-up: slow - 1 bars. Source: Chaikin; TA-Lib ADOSC.",
    ),
    Row(
        "cmf",
        "bar_params:Period20",
        "Chaikin's money flow",
        "Formula: sum of what each bar adds to ad / sum of the volume, over `period` bars; 0 where "
        "nothing traded. Units: -1 to 1. Warm-up: period - 1 bars. Source: Chaikin; TA-Lib CMF.",
    ),
    Row(
        "mfi",
        "bar_params:Period14",
        "Money flow index",
        "Formula: 100 * rising flow / (rising + falling flow) over `period` bars, flow = p * "
        "volume, p = (high + low + close) / 3, rising where p is above that of the bar before; 0 "
        "where less than 1 unit of money flowed. Units: 0 to 100. Warm-up: period bars. "
        "Source: Quong and Soudack (1989); TA-Lib MFI.",
    ),
    Row(
        "force",
        "bar_params:Period13",
        "Elder's force index",
        "Formula: ema of change of the close * volume. Units: price * units traded. "
        'Warm-up: period bars. Source: Elder, "Trading for a Living" (1993); TA-Lib EFI.',
        talib=("EFI",),
    ),
    Row(
        "marketfi",
        "Params",
        "Market facilitation index",
        "Formula: (high - low) / volume; 0 where nothing traded. Units: price for a unit traded. "
        "Warm-up: 0 bars. Source: Williams; TA-Lib MARKETFI.",
    ),
    Row(
        "nvi",
        "Params",
        "Negative volume index",
        "Formula: begun at 1000, grows with the close where the volume fell. Units: index. "
        "Warm-up: 0 bars. Source: Dysart (1936); TA-Lib NVI.",
    ),
    Row(
        "pvi",
        "Params",
        "Positive volume index",
        "Formula: begun at 1000, grows with the close where the volume rose. Units: index. "
        "Warm-up: 0 bars. Source: Dysart (1936); TA-Lib PVI.",
    ),
    Row(
        "pvt",
        "Params",
        "Price volume trend",
        "Formula: running sum of volume * relative change of the close. Units: units traded. "
        "Warm-up: 0 bars. Source: TA-Lib PVT.",
    ),
    Row(
        "pvo",
        "VolumeOscillator",
        "Percentage volume oscillator",
        "Formula: 100 * (average(volume, fast) - average(volume, slow)) / average(volume, slow). "
        "Units: percent. Warm-up: slow - 1 bars. Source: TA-Lib PVO.",
    ),
    Row(
        "wad",
        "Params",
        "Williams' accumulation and distribution",
        "Formula: running sum of close - min(low, close before) where the close rose, close - "
        "max(high, close before) where it fell. Units: price. Warm-up: 0 bars. Source: Williams; "
        "TA-Lib WAD.",
    ),
    Row("rvol", "bar_params:Period20", "Volume relative to that of the bars before", module="flow"),
    Row(
        "relative_volume",
        "session_params:RelativeVolume",
        "Volume relative to the same minute of trailing sessions",
        outputs=("value", "cumulative"),
        module="history",
    ),
    Row(
        "vwap",
        "session_params:Vwap",
        "Session volume-weighted average price, with a band",
        outputs=_VWAP,
        module="session",
    ),
    Row(
        "anchored_vwap",
        "session_params:AnchoredVwap",
        "Volume-weighted average price since an anchor, with a band",
        outputs=_VWAP,
        module="session",
    ),
    Row(
        "close_location_delta",
        "Params",
        "Volume signed by where the bar closed, and its sum in the session",
        outputs=("delta", "cumulative"),
        module="session",
    ),
    Row(
        "cumulative_delta",
        "Params",
        "Volume of trades signed by the tick test, since the session's open and in the bar",
        outputs=("value", "delta"),
        module="trades",
        ticks=True,
    ),
    Row(
        "ease_of_movement",
        "bar_params:EaseOfMovement",
        "Ease of movement, and its average",
        outputs=("value", "average"),
        module="flow",
    ),
    Row(
        "klinger",
        "bar_params:Klinger",
        "Klinger's volume oscillator",
        outputs=("value", "signal"),
        module="flow",
    ),
)

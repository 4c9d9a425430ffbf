"""Volume that confirms or contradicts the price. Parameters: see `params`.

Where the volume of a bar is unknown (NaN), these start again after it.
"""

from __future__ import annotations

from mismartera_core import BarColumns, IndicatorOutputs
from mismartera_indicators.kernel import single, talib_function

_OBV, _AD, _MFI = talib_function("OBV"), talib_function("AD"), talib_function("MFI")


def obv(bars: BarColumns) -> IndicatorOutputs:
    """On-balance volume.

    Formula: the first bar's volume, plus the volume of every bar that closed higher than the one
    before, minus that of every bar that closed lower. Units: units traded. Warm-up: none.
    Source: Granville (1963); TA-Lib OBV.
    """
    return {"value": single(_OBV, bars.close, bars.volume, params=())}


def ad(bars: BarColumns) -> IndicatorOutputs:
    """Accumulation and distribution line.

    Formula: running sum of volume * ((close - low) - (high - close)) / (high - low); a bar without
    a range adds nothing. Units: units traded. Warm-up: none. Source: Chaikin; TA-Lib AD.
    """
    return {"value": single(_AD, bars.high, bars.low, bars.close, bars.volume, params=())}


def mfi(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Money flow index.

    Formula: 100 * rising flow / (rising + falling flow) over `period` bars, flow = p * volume,
    p = (high + low + close) / 3, rising where p is above that of the bar before; 0 where less than
    1 unit of money flowed. Units: 0 to 100. Warm-up: period bars. Source: Quong and Soudack
    (1989); TA-Lib MFI.
    """
    return {"value": single(_MFI, bars.high, bars.low, bars.close, bars.volume, params=(period,))}

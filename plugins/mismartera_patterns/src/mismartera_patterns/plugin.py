"""The hook of the chart patterns. Names only: numpy and pydantic load on first use."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import IndicatorReg, hookimpl
from mismartera_patterns import outputs

# Module, name, parameters, points, summary.
_PATTERNS: list[tuple[str, str, str, int, str]] = [
    ("reversal", "head_and_shoulders", "HeadAndShoulders", 5, "Head and shoulders: bearish"),
    (
        "reversal",
        "inverse_head_and_shoulders",
        "HeadAndShoulders",
        5,
        "Head and shoulders upside down: bullish",
    ),
    ("reversal", "double_top", "Extremes", 3, "Two peaks on a level: bearish"),
    ("reversal", "double_bottom", "Extremes", 3, "Two troughs on a level: bullish"),
    ("reversal", "triple_top", "Extremes", 5, "Three peaks on a level: bearish"),
    ("reversal", "triple_bottom", "Extremes", 5, "Three troughs on a level: bullish"),
    ("reversal", "rounding_top", "Rounding", 3, "A gradual turn to falling: bearish"),
    ("reversal", "rounding_bottom", "Rounding", 3, "A gradual turn to rising: bullish"),
    ("continuation", "bull_flag", "Pole", 5, "A steep rise and a small channel: bullish"),
    ("continuation", "bear_flag", "Pole", 5, "A steep fall and a small channel: bearish"),
    ("continuation", "bull_pennant", "Pole", 5, "A steep rise and a small triangle: bullish"),
    ("continuation", "bear_pennant", "Pole", 5, "A steep fall and a small triangle: bearish"),
    ("continuation", "cup_and_handle", "Cup", 4, "A bowl and a small dip: bullish"),
    ("continuation", "inverse_cup_and_handle", "Cup", 4, "A dome and a small rise: bearish"),
    ("lines", "rectangle", "Rectangle", 5, "Highs on a level and lows on a level"),
    ("lines", "ascending_triangle", "Lines", 5, "Highs on a level and rising lows"),
    ("lines", "descending_triangle", "Lines", 5, "Lows on a level and falling highs"),
    ("lines", "symmetrical_triangle", "Lines", 5, "Falling highs and rising lows"),
    ("lines", "rising_wedge", "Lines", 5, "Rising highs and faster rising lows: bearish"),
    ("lines", "falling_wedge", "Lines", 5, "Falling lows and faster falling highs: bullish"),
]


@hookimpl
def mismartera_indicators() -> Iterable[IndicatorReg]:
    """Every chart pattern of this package, its zigzag and its levels."""
    return [
        _record("zigzag", "zigzag", "Zigzag", outputs.ZIGZAG, "Confirmed swings"),
        _record(
            "levels",
            "support_resistance",
            "Levels",
            outputs.LEVELS,
            "Levels of several turns, and breaks",
        ),
        *(
            _record(module, name, params, outputs.of_pattern(points), summary)
            for module, name, params, points, summary in _PATTERNS
        ),
    ]


def _record(
    module: str, name: str, params: str, names: tuple[str, ...], summary: str
) -> IndicatorReg:
    return IndicatorReg(
        name=name,
        category="chart_pattern",
        outputs=names,
        factory=f"mismartera_patterns.{module}:{name}",
        config_model=f"mismartera_patterns.params:{params}",
        summary=summary,
    )

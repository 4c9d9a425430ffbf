"""Candlestick patterns of one or two bars: what each looks like."""

from __future__ import annotations

from mismartera_indicators.catalogue.candle import candle

ROWS = (
    candle(
        "belt_hold",
        10,
        "Belt-hold",
        "a long body that opens at its extreme; 100 white without lower shadow, -100 black "
        "without upper shadow",
    ),
    candle(
        "closing_marubozu",
        10,
        "Closing marubozu",
        "a long body without a shadow at its close; 100 white, -100 black",
    ),
    candle(
        "counterattack",
        11,
        "Counterattack",
        "two long bars of opposite colours with equal closes; 100 where the second is white, "
        "-100 black",
    ),
    candle(
        "dark_cloud_cover",
        11,
        "Dark cloud cover",
        "a long white bar, then a black one that opens above its high and closes deep within "
        "its body; -100",
        "bar_params:Penetration50",
    ),
    candle(
        "doji",
        10,
        "Doji",
        "open and close are equal or nearly so; 100, which means neither up nor down",
    ),
    candle(
        "doji_star",
        11,
        "Doji star",
        "a long body and a doji that gaps away from it; 100 after a black body, -100 after a "
        "white one",
    ),
    candle(
        "dragonfly_doji",
        10,
        "Dragonfly doji",
        "a doji at its high, with a lower shadow; 100, which means neither up nor down",
    ),
    candle(
        "engulfing",
        2,
        "Engulfing pattern",
        "a body that engulfs the body before, of the other colour; 100 white, -100 black; 80 or "
        "-80 where one end of the two is equal",
    ),
    candle(
        "gravestone_doji",
        10,
        "Gravestone doji",
        "a doji at its low, with an upper shadow; 100, which means neither up nor down",
    ),
    candle(
        "hammer",
        11,
        "Hammer",
        "a short body with a long lower and no upper shadow, near or below the low before; 100",
    ),
    candle(
        "hanging_man",
        11,
        "Hanging man",
        "a short body with a long lower and no upper shadow, near or above the high before; -100",
    ),
    candle(
        "harami",
        11,
        "Harami",
        "a long body and a short one within it; 100 after black, -100 after white; 80 or -80 "
        "where one end is equal",
    ),
    candle(
        "harami_cross",
        11,
        "Harami cross",
        "a long body and a doji within it; 100 after black, -100 after white; 80 or -80 where "
        "one end is equal",
    ),
    candle(
        "high_wave",
        10,
        "High-wave candle",
        "a short body with very long shadows on both sides; 100 white, -100 black",
    ),
    candle(
        "homing_pigeon",
        11,
        "Homing pigeon",
        "a long black body and a short black one within it; 100",
    ),
    candle(
        "in_neck",
        11,
        "In-neck",
        "a long black bar, then a white one that opens below its low and closes slightly into "
        "its body; -100",
    ),
    candle(
        "inverted_hammer",
        11,
        "Inverted hammer",
        "a short body that gaps down, with a long upper and no lower shadow; 100",
    ),
    candle(
        "kicking",
        11,
        "Kicking",
        "two marubozu of opposite colours with a gap between; 100 where the second is white, "
        "-100 black",
    ),
    candle(
        "kicking_by_length",
        11,
        "Kicking, the longer marubozu decides",
        "two marubozu of opposite colours with a gap between; 100 where the longer is white, "
        "-100 black",
    ),
    candle(
        "long_legged_doji",
        10,
        "Long-legged doji",
        "a doji with a long shadow on at least one side; 100, which means neither up nor down",
    ),
    candle(
        "long_line", 10, "Long line candle", "a long body with short shadows; 100 white, -100 black"
    ),
    candle("marubozu", 10, "Marubozu", "a long body without shadows; 100 white, -100 black"),
    candle("matching_low", 6, "Matching low", "two black bars with equal closes; 100"),
    candle(
        "on_neck",
        11,
        "On-neck",
        "a long black bar, then a white one that opens below its low and closes at it; -100",
    ),
    candle(
        "piercing",
        11,
        "Piercing line",
        "a long black bar, then a long white one that opens below its low and closes above the "
        "middle of its body; 100",
    ),
    candle(
        "rickshaw_man",
        10,
        "Rickshaw man",
        "a doji with two long shadows, its body near the middle of the range; 100, which means "
        "neither up nor down",
    ),
    candle(
        "separating_lines",
        11,
        "Separating lines",
        "two bars of opposite colours with equal opens, the second a long belt-hold; 100 white, "
        "-100 black",
    ),
    candle(
        "shooting_star",
        11,
        "Shooting star",
        "a short body that gaps up, with a long upper and no lower shadow; -100",
    ),
    candle(
        "short_line",
        10,
        "Short line candle",
        "a short body with short shadows; 100 white, -100 black",
    ),
    candle(
        "spinning_top",
        10,
        "Spinning top",
        "a short body with shadows longer than it on both sides; 100 white, -100 black",
    ),
    candle(
        "takuri",
        10,
        "Takuri",
        "a dragonfly doji with a very long lower shadow; 100, which means neither up nor down",
    ),
    candle(
        "thrusting",
        11,
        "Thrusting",
        "a long black bar, then a white one that opens below its low and closes into its body "
        "but below the middle; -100",
    ),
)

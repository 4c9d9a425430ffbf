"""Candlestick patterns of three bars and more: what each looks like."""

from __future__ import annotations

from mismartera_indicators.catalogue.candle import candle

ROWS = (
    candle(
        "2_crows",
        12,
        "Two crows",
        "long white, a black body that gaps up, a black one that opens within it and closes "
        "within the first; -100",
    ),
    candle(
        "3_black_crows",
        13,
        "Three black crows",
        "after a white bar three black ones without lower shadows, each opening within the body "
        "before and closing lower; -100",
    ),
    candle(
        "3_inside",
        12,
        "Three inside up or down",
        "a long body, a short one within it, and a close beyond the first open; 100 up, -100 down",
    ),
    candle(
        "3_line_strike",
        8,
        "Three-line strike",
        "three bars of one colour that go on, and one of the other that takes all of it back; "
        "100 for white ones, -100 for black",
    ),
    candle(
        "3_outside",
        3,
        "Three outside up or down",
        "an engulfing pair and a close that goes on; 100 up, -100 down",
    ),
    candle(
        "3_stars_in_south",
        12,
        "Three stars in the south",
        "three black bars, the first long with a long lower shadow, the second smaller with a "
        "higher low, the third a small marubozu within it; 100",
    ),
    candle(
        "3_white_soldiers",
        12,
        "Three advancing white soldiers",
        "three white bars without upper shadows, each opening within or near the body before "
        "and closing higher; 100",
    ),
    candle(
        "abandoned_baby",
        12,
        "Abandoned baby",
        "a long body, a doji that gaps away with its shadows, and a body of the other colour "
        "that gaps back deep into the first; 100 at a bottom, -100 at a top",
        "bar_params:Penetration30",
    ),
    candle(
        "advance_block",
        12,
        "Advance block",
        "three white bars with higher closes that weaken: smaller bodies or longer upper "
        "shadows; -100",
    ),
    candle(
        "breakaway",
        14,
        "Breakaway",
        "a long bar, a gap in its direction, two bars further on, and a bar of the other colour "
        "that closes within the gap; 100 up, -100 down",
    ),
    candle(
        "conceal_baby_swall",
        13,
        "Concealing baby swallow",
        "two black marubozu, a black bar that gaps down with a long upper shadow, and a black "
        "one that engulfs it with its shadows; 100",
    ),
    candle(
        "evening_doji_star",
        12,
        "Evening doji star",
        "a long white body, a doji that gaps up, and a black body that closes deep within the "
        "first; -100",
        "bar_params:Penetration30",
    ),
    candle(
        "evening_star",
        12,
        "Evening star",
        "a long white body, a short one that gaps up, and a black body that closes deep within "
        "the first; -100",
        "bar_params:Penetration30",
    ),
    candle(
        "gap_side_side_white",
        7,
        "Up or down gap side-by-side white lines",
        "after a gap two white bars of like size that open at the same price; 100 gap up, -100 "
        "gap down",
    ),
    candle(
        "hikkake",
        5,
        "Hikkake",
        "an inside bar and a false break of it; 100 break down, -100 break up; 200 or -200 "
        "where a close within three bars confirms it",
    ),
    candle(
        "hikkake_mod",
        10,
        "Modified hikkake",
        "a hikkake whose bar before the inside bar closes near its extreme; 100 or -100, 200 or "
        "-200 where confirmed",
    ),
    candle(
        "identical_3_crows",
        12,
        "Identical three crows",
        "three black bars with lower closes, each opening at the close before; -100",
    ),
    candle(
        "ladder_bottom",
        14,
        "Ladder bottom",
        "three black bars with lower opens and closes, a black one with an upper shadow, and a "
        "white one that opens above its body and closes above its high; 100",
    ),
    candle(
        "mat_hold",
        14,
        "Mat hold",
        "a long white bar, a gap up, three short bars that stay within its body, and a white "
        "bar that closes above their highs; 100",
        "bar_params:Penetration50",
    ),
    candle(
        "morning_doji_star",
        12,
        "Morning doji star",
        "a long black body, a doji that gaps down, and a white body that closes deep within the "
        "first; 100",
        "bar_params:Penetration30",
    ),
    candle(
        "morning_star",
        12,
        "Morning star",
        "a long black body, a short one that gaps down, and a white body that closes deep "
        "within the first; 100",
        "bar_params:Penetration30",
    ),
    candle(
        "rise_fall_3_methods",
        14,
        "Rising or falling three methods",
        "a long bar, three short ones of the other colour within its range, and a long one that "
        "goes on; 100 rising, -100 falling",
    ),
    candle(
        "stalled_pattern",
        12,
        "Stalled pattern",
        "two long white bars with higher closes and a short white one at the top of the second; "
        "-100",
    ),
    candle(
        "stick_sandwich",
        7,
        "Stick sandwich",
        "a white bar between two black ones with equal closes; 100",
    ),
    candle(
        "tasuki_gap",
        7,
        "Tasuki gap",
        "a gap, a bar in its direction, and one of the other colour of like size that closes "
        "within the gap; 100 up, -100 down",
    ),
    candle(
        "tristar",
        12,
        "Tristar",
        "three doji, the second gapping away; 100 at a bottom, -100 at a top",
    ),
    candle(
        "unique_3_river",
        12,
        "Unique three river",
        "a long black bar, a black harami with a lower low, and a short white one below it; 100",
    ),
    candle(
        "upside_gap_2_crows",
        12,
        "Upside gap two crows",
        "a long white bar, a short black one that gaps up, and a black one that engulfs it and "
        "closes above the first; -100",
    ),
    candle(
        "xside_gap_3_methods",
        2,
        "Upside or downside gap three methods",
        "two bars of one colour with a gap, and one of the other that closes it; 100 up, -100 down",
    ),
)

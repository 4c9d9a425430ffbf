"""How often the patterns find what was drawn, and what is not there.

python -m mismartera_patterns.measure writes measured.json, of which docs/patterns.md is made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mismartera_patterns.drawing import Drawing, draw, random_walk
from mismartera_patterns.finding import PATTERNS
from mismartera_patterns.levels import support_resistance
from mismartera_patterns.pattern import Report

NOISES = (0.0, 0.01, 0.02, 0.04, 0.06)
"""Standard deviations of the closes, share of the height of the shape."""
LENGTHS = (90, 180, 360)
"""Bars of a drawn shape."""
QUICK_LENGTHS = (40, 55, 70)
"""Bars of a drawn flag or pennant: its pole must be steep."""
NEARNESS = 0.2
"""How far a found point may lie from the drawn one, share of the height and of the length."""
WALK_BARS = 100_000
LEVELS = "support_resistance"


def lengths(name: str) -> tuple[int, ...]:
    """Bars with which a pattern is drawn.

    Args:
        name: Name of the pattern.
    """
    return QUICK_LENGTHS if name.endswith(("flag", "pennant")) else LENGTHS


def finds(name: str, drawing: Drawing) -> bool:
    """Whether a pattern finds a drawn shape, with the right direction and points near the drawn.

    Args:
        name: Name of the pattern.
        drawing: What was drawn.
    """
    return any(is_drawn(report, drawing) for report in PATTERNS[name].find(drawing.bars))


def is_drawn(report: Report, drawing: Drawing) -> bool:
    """Whether a report is of the drawn shape.

    Args:
        report: What was found.
        drawing: What was drawn.
    """
    drawn = drawing.points
    prices = [point.price for point in drawn]
    height, length = max(prices) - min(prices), drawn[-1].row - drawn[0].row
    return report.signal == drawing.signal and all(
        abs(found.price - point.price) <= NEARNESS * height
        and abs(found.row - point.row) <= NEARNESS * length
        for found, point in zip(report.points, drawn, strict=True)
    )


def detection_rate(name: str, noise: float, seeds: int) -> float:
    """Share of drawn shapes that are found.

    Args:
        name: Name of the pattern.
        noise: Standard deviation of the closes, share of the height.
        seeds: Drawings of each length.
    """
    drawings = [
        draw(name, length, noise, seed) for length in lengths(name) for seed in range(seeds)
    ]
    return sum(finds(name, drawing) for drawing in drawings) / len(drawings)


def false_positives(name: str, bars: int = WALK_BARS, seed: int = 2026) -> tuple[float, float]:
    """Reports per 1000 bars of a random walk, bullish and bearish ones.

    Args:
        name: Name of the pattern, or of the levels.
        bars: Length of the walk.
        seed: Seed of the walk.
    """
    compute = support_resistance if name == LEVELS else PATTERNS[name]
    signal = compute(random_walk(bars, seed))["signal"]
    return 1000.0 * float((signal > 0).mean()), 1000.0 * float((signal < 0).mean())


def measure(seeds: int = 20) -> dict[str, Any]:
    """All rates, by pattern.

    Args:
        seeds: Drawings of each length and noise.
    """
    return {
        "drawn": seeds * len(LENGTHS),
        "walk_bars": WALK_BARS,
        "found": {
            name: {str(noise): round(detection_rate(name, noise, seeds), 2) for noise in NOISES}
            for name in PATTERNS
        },
        "false": {
            name: [round(rate, 2) for rate in false_positives(name)] for name in (*PATTERNS, LEVELS)
        },
    }


if __name__ == "__main__":
    written = json.dumps(measure(), indent=2) + "\n"
    Path(__file__).with_name("measured.json").write_text(written, encoding="utf-8")

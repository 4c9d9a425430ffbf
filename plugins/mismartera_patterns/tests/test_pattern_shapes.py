"""Drawn shapes: found, at their points, the right way round, and no earlier than knowable."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from mismartera_patterns.drawing import draw
from mismartera_patterns.finding import PATTERNS
from mismartera_patterns.measure import finds, is_drawn, lengths

MIRRORS = {
    "head_and_shoulders": "inverse_head_and_shoulders",
    "double_top": "double_bottom",
    "triple_top": "triple_bottom",
    "rounding_top": "rounding_bottom",
    "bull_flag": "bear_flag",
    "bull_pennant": "bear_pennant",
    "cup_and_handle": "inverse_cup_and_handle",
    "rectangle": "rectangle",
    "symmetrical_triangle": "symmetrical_triangle",
    "ascending_triangle": "descending_triangle",
    "rising_wedge": "falling_wedge",
}
EITHER = sorted(MIRRORS.items()) + sorted((b, a) for a, b in MIRRORS.items() if a != b)


def drawn_reports(name, drawing):
    """The reports of the drawn shape itself."""
    return [each for each in PATTERNS[name].find(drawing.bars) if is_drawn(each, drawing)]


def upside_down(bars):
    return replace(bars, open=-bars.open, high=-bars.low, low=-bars.high, close=-bars.close)


def times(bars, factor):
    fields = ("open", "high", "low", "close")
    return replace(bars, **{name: getattr(bars, name) * factor for name in fields})


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_clean_shape_is_found_at_its_points_at_every_size(name, noise, mirrored):
    found_as = dict(EITHER)[name] if mirrored else name
    for length in lengths(name):
        for seed in range(3):
            drawing = draw(name, length, noise, seed, mirrored=mirrored)
            assert finds(found_as, drawing), (length, seed)


@pytest.mark.parametrize("name", PATTERNS)
def test_price_lies_between_invalidation_and_target(name):
    for seed in range(5):
        drawing = draw(name, lengths(name)[1], 0.02, seed)
        for report in PATTERNS[name].find(drawing.bars):
            close = drawing.bars.close[report.row]
            low, high = sorted((report.invalidation, report.target))
            assert low < close < high
            assert np.sign(report.target - report.invalidation) == report.signal
            assert report.height > 0.0
            assert 0.0 <= report.score <= 1.0


@pytest.mark.parametrize(("name", "mirror"), EITHER)
def test_the_mirror_image_is_found_as_the_mirror(name, mirror):
    bars = draw(name, lengths(name)[1], 0.02, 1).bars
    reports = PATTERNS[name].find(bars)
    assert reports
    assert PATTERNS[mirror].find(upside_down(bars)) == [each.mirrored() for each in reports]


@pytest.mark.parametrize("name", PATTERNS)
def test_the_scale_of_the_price_does_not_matter(name):
    bars = draw(name, lengths(name)[1], 0.02, 2).bars
    reports, larger = PATTERNS[name].find(bars), PATTERNS[name].find(times(bars, 10.0))
    assert [(each.row, each.signal) for each in reports] == [
        (each.row, each.signal) for each in larger
    ]
    for one, ten in zip(reports, larger, strict=True):
        assert [point.row for point in one.points] == [point.row for point in ten.points]
        assert ten.target == pytest.approx(10.0 * one.target)
        assert ten.invalidation == pytest.approx(10.0 * one.invalidation)
        assert ten.score == pytest.approx(one.score)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_report_appears_at_its_bar_and_stays(name):
    drawing = draw(name, lengths(name)[0], 0.01, 0)
    (report,) = drawn_reports(name, drawing)
    assert report not in PATTERNS[name].find(drawing.bars.slice(0, report.row))
    for stop in range(report.row + 1, len(drawing.bars) + 1):
        assert report in PATTERNS[name].find(drawing.bars.slice(0, stop))


@pytest.mark.parametrize("name", PATTERNS)
def test_arrays_say_what_the_reports_say(name):
    bars = draw(name, lengths(name)[1], 0.02, 0).bars
    outputs, reports = PATTERNS[name](bars), PATTERNS[name].find(bars)
    assert np.flatnonzero(outputs["signal"]).tolist() == [report.row for report in reports]
    for report in reports:
        for field in ("signal", "target", "invalidation", "height", "score", "level"):
            assert outputs[field][report.row] == getattr(report, field)
        for number, point in enumerate(report.points, start=1):
            assert outputs[f"p{number}_price"][report.row] == point.price
            assert report.row - outputs[f"p{number}_age"][report.row] == point.row


def test_reports_of_a_pattern_do_not_overlap():
    for name, pattern in PATTERNS.items():
        bars = draw(name, 360, 0.04, 3).bars
        reports = pattern.find(bars)
        for one, after in pairwise(reports):
            assert after.points[0].row >= one.points[-1].row


def test_a_broken_level_or_a_failed_shape_is_not_reported():
    drawing = draw("double_top", 180, 0.01, 0)
    (report,) = drawn_reports("double_top", drawing)
    close = drawing.bars.close.copy()
    second = drawing.points[-1].row
    close[second + 10 :] = report.invalidation + 1.0
    high = np.maximum(drawing.bars.high, close)
    failed = replace(drawing.bars, close=close, high=high)
    assert not PATTERNS["double_top"].find(failed)

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core import BarColumns, DataError
from mismartera_core.model.quality import Gap, MinuteState
from mismartera_core.services.gap_detection import expected_opens
from mismartera_core.services.gap_filling import fill_gaps
from mismartera_core.services.quality_scoring import Evidence, session_quality

MINUTE = 60_000_000_000
OPEN = 1_719_840_600_000_000_000
CLOSE = OPEN + 30 * MINUTE
EXPECTED = expected_opens(OPEN, CLOSE, MINUTE)


def bars(minutes, price=100.0, session=7):
    """Flat bars at minutes of the session."""
    ts = OPEN + np.asarray(minutes, dtype=np.int64) * MINUTE
    flat = np.full(len(ts), float(price))
    numbers = np.full(len(ts), session)
    volume = np.full(len(ts), 500.0)
    return BarColumns.build(ts, flat, flat, flat, flat, volume, interval_ns=MINUTE, session=numbers)


def gap(first, count, state=MinuteState.MISSING):
    return Gap(start_ns=OPEN + first * MINUTE, bars=count, state=state)


class Filler:
    """Answers with what it was given, in turn; errors are raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def fill(self, symbol, interval, start_ns, end_ns):
        self.asked.append(
            (symbol, interval, (start_ns - OPEN) // MINUTE, (end_ns - OPEN) // MINUTE)
        )
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def fill(held, gaps, filler, *, retries=0, wait=lambda: False):
    return fill_gaps(
        held,
        gaps,
        filler,
        symbol="AAPL",
        interval="1m",
        close_ns=CLOSE,
        max_retries=retries,
        wait=wait,
    )


def minutes_of(columns):
    return ((columns.ts - OPEN) // MINUTE).tolist()


HELD = bars([*range(10), *range(15, 30)])
LACKS = gap(10, 5)


def test_missing_bars_are_put_in_their_places():
    filler = Filler(bars(range(10, 15), price=101, session=0))
    found, filled, (outcome,) = fill(HELD, [LACKS], filler)
    assert filler.asked == [("AAPL", "1m", 10, 15)]
    assert (filled, outcome.still_missing, outcome.attempts) == (5, 0, 1)
    assert minutes_of(found) == list(range(30))
    assert found.close[10:15].tolist() == [101] * 5
    assert found.close[[9, 15]].tolist() == [100, 100]
    assert set(found.session.tolist()) == {7}
    assert found.available_at.tolist() == (found.ts + MINUTE).tolist()
    assert outcome.filled == tuple(found.ts[10:15].tolist())


def test_silent_gaps_are_not_asked_for():
    filler = Filler()
    found, filled, outcomes = fill(HELD, [gap(10, 5, MinuteState.SILENT)], filler)
    assert (found, filled, outcomes, filler.asked) == (HELD, 0, (), [])


def test_bars_outside_the_gap_are_refused_and_the_gap_stays():
    found, filled, (outcome,) = fill(HELD, [LACKS], Filler(bars([3, 9, 15, 20])))
    assert minutes_of(found) == minutes_of(HELD)
    assert (filled, outcome.still_missing) == (0, 5)
    assert outcome.rejected == (("outside the range that was asked for", 4),)


def test_what_fits_is_taken_from_an_answer_that_is_too_long():
    found, filled, (outcome,) = fill(HELD, [LACKS], Filler(bars(range(8, 14))))
    assert (filled, outcome.still_missing) == (4, 1)
    assert minutes_of(found) == [*range(14), *range(15, 30)]
    assert outcome.rejected == (("outside the range that was asked for", 2),)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"high": 99.0}, "high is below low"),
        ({"low": 100.5, "high": 101.0}, "open is below low"),
        ({"close": np.nan}, "close is missing"),
        ({"open": np.inf}, "open is not finite"),
        ({"low": -1.0}, "low is negative"),
        ({"open": 0.0}, "open is zero"),
        ({"volume": -5.0}, "volume is negative"),
        ({"volume": np.inf}, "volume is not finite"),
    ],
)
def test_impossible_bars_are_refused_with_the_reason(change, reason):
    answer = bars(range(10, 15))
    columns = {name: getattr(answer, name).copy() for name in change}
    for name, value in change.items():
        columns[name][2] = value
    found, filled, (outcome,) = fill(HELD, [LACKS], Filler(replace(answer, **columns)))
    assert filled == 4
    assert minutes_of(found) == [*range(12), 13, 14, *range(15, 30)]
    assert outcome.rejected == ((reason, 1),)


def test_bars_between_minutes_and_bars_that_come_twice_are_refused():
    shifted = bars([10, 11])
    shifted = replace(shifted, ts=shifted.ts + 1)
    answer = BarColumns.concat([shifted, bars([12, 13, 13])])
    _, filled, (outcome,) = fill(HELD, [LACKS], Filler(answer))
    assert filled == 1
    assert dict(outcome.rejected) == {
        "opens where no bar is expected": 2,
        "comes more than once": 2,
    }


def test_a_bar_that_is_there_is_never_changed():
    stale = gap(9, 6)
    found, filled, (outcome,) = fill(HELD, [stale], Filler(bars(range(9, 15), price=50)))
    assert (filled, found.close[9]) == (5, 100)
    assert outcome.rejected == (("there is a bar already", 1),)


def test_unknown_volume_may_come():
    answer = bars(range(10, 15))
    found, filled, _ = fill(HELD, [LACKS], Filler(replace(answer, volume=answer.volume * np.nan)))
    assert filled == 5
    assert np.isnan(found.volume[10:15]).all()


def test_no_bar_is_known_after_the_close_or_before_its_own():
    eager = bars([28, 29])
    eager = replace(eager, available_at=eager.ts)
    found, _, _ = fill(bars(range(28)), [gap(28, 2)], Filler(eager))
    assert found.available_at[-2:].tolist() == [CLOSE - MINUTE, CLOSE]


def test_a_failing_source_is_asked_again():
    waits = []
    filler = Filler(DataError("busy"), DataError("busy"), bars(range(10, 15)))
    _, filled, (outcome,) = fill(
        HELD, [LACKS], filler, retries=2, wait=lambda: bool(waits.append("waited"))
    )
    assert (filled, outcome.attempts, outcome.error, len(waits)) == (5, 3, "", 2)


def test_a_source_that_goes_on_failing_leaves_the_gap_and_says_why():
    filler = Filler(DataError("busy"), DataError("no such symbol"), bars([25]))
    held = bars([*range(10), *range(15, 25), *range(26, 30)])
    found, filled, outcomes = fill(held, [LACKS, gap(25, 1)], filler, retries=1)
    assert [(it.attempts, it.still_missing, it.error) for it in outcomes] == [
        (2, 5, "no such symbol"),
        (1, 0, ""),
    ]
    assert (filled, len(found)) == (1, 25)


def test_a_stop_while_waiting_ends_all_attempts():
    filler = Filler(DataError("busy"))
    _, filled, outcomes = fill(HELD, [LACKS, gap(20, 1)], filler, retries=9, wait=lambda: True)
    assert filled == 0
    assert [(it.attempts, it.error) for it in outcomes] == [(1, "busy"), (0, "")]


def test_an_error_of_the_filler_itself_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        fill(HELD, [LACKS], Filler(ZeroDivisionError()), retries=5)


def test_filled_bars_are_counted_and_what_is_left_stays_visible():
    def measure(columns, filled=0):
        evidence = {"AAPL": Evidence(traded=390, expected=390, filled=filled)}
        stamps = {"AAPL": columns.ts}
        return session_quality(date(2024, 7, 1), "1m", MINUTE, EXPECTED, stamps, evidence)[0]

    before = measure(HELD)
    found, filled, _ = fill(HELD, before.gaps, Filler(bars(range(10, 13))))
    after = measure(found, filled)
    assert (before.missing, before.filled) == (5, 0)
    assert (after.missing, after.filled, after.traded) == (0, 3, 28)
    assert [(it.start_ns, it.bars) for it in after.gaps] == [(OPEN + 13 * MINUTE, 2)]


@given(
    absent=st.sets(st.integers(0, 29), min_size=1, max_size=29),
    answer=st.lists(st.integers(-5, 40), max_size=40),
    prices=st.lists(st.floats(), min_size=1, max_size=4),
)
@settings(max_examples=100)
def test_whatever_comes_the_session_stays_whole(absent, answer, prices):
    held = bars([m for m in range(30) if m not in absent])
    parts = [bars([m], price=prices[i % len(prices)]) for i, m in enumerate(answer)]
    whole = BarColumns.concat(parts)
    gaps = [gap(minute, 1) for minute in sorted(absent)]
    found, filled, outcomes = fill(held, gaps, Filler(*[whole] * len(gaps)))
    assert (np.diff(found.ts) > 0).all()
    assert np.isin(found.ts, EXPECTED).all()
    assert len(found) == len(held) + filled
    assert found.take(np.isin(found.ts, held.ts)).close.tolist() == held.close.tolist()
    assert np.isfinite(found.close).all()
    assert sum(it.still_missing for it in outcomes) == 30 - len(found)

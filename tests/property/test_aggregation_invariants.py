"""What must hold of derived bars for any bars at all."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core.model.columns import BAR_FIELDS, PRICE_FIELDS, BarColumns
from mismartera_core.model.intervals import DAY, MINUTE
from mismartera_core.services.bar_aggregation import Aggregation, aggregate

OPENS = 1_700_000_000_000_000_000 + np.arange(3) * DAY
CLOSES = OPENS + np.array([390, 210, 390]) * MINUTE


@st.composite
def bars_of_three_sessions(draw):
    parts = []
    for number in range(3):
        length = int(CLOSES[number] - OPENS[number]) // MINUTE
        at = draw(st.lists(st.integers(0, length - 1), unique=True, max_size=60).map(sorted))
        seed = draw(st.integers(0, 2**32))
        rng = np.random.default_rng(seed)
        corners = rng.lognormal(3, 0.2, (4, len(at)))
        volume = rng.lognormal(5, 3, len(at))
        parts.append(
            BarColumns.build(
                OPENS[number] + np.array(at, dtype=np.int64) * MINUTE,
                corners[1],
                corners.max(axis=0),
                corners.min(axis=0),
                corners[2],
                volume,
                interval_ns=MINUTE,
                session=np.full(len(at), number),
            )
        )
    return BarColumns.concat(parts)


lengths = st.sampled_from([2, 5, 7, 15, 60, 1440]).map(lambda count: count * MINUTE)


def equal(left, right):
    return all(
        getattr(left, name).tobytes() == getattr(right, name).tobytes() for name in BAR_FIELDS
    )


@given(bars_of_three_sessions(), lengths)
@settings(max_examples=60)
def test_each_window_is_what_a_plain_loop_makes_of_it(bars, length):
    derived = aggregate(bars, length, OPENS, CLOSES)
    wanted = {}
    for row in range(len(bars)):
        number = int(bars.session[row])
        offset = int(bars.ts[row] - OPENS[number])
        start = int(OPENS[number]) + (0 if length >= DAY else offset // length * length)
        first, high, low, close, volume = (float(bars.field(name)[row]) for name in PRICE_FIELDS)
        if start in wanted:
            old = wanted[start]
            first, high, low = old[0], max(old[1], high), min(old[2], low)
            volume = old[4] + volume
        known = min(start + length, int(CLOSES[number]))
        wanted[start] = (first, high, low, close, volume, known, number)
    assert derived.ts.tolist() == list(wanted)
    columns = [getattr(derived, name).tolist() for name in BAR_FIELDS[1:]]
    assert list(zip(*columns, strict=True)) == list(wanted.values())


@given(bars_of_three_sessions(), lengths)
@settings(max_examples=60)
def test_a_session_gives_the_same_bits_alone_and_among_others(bars, length):
    together = aggregate(bars, length, OPENS, CLOSES)
    alone = [
        aggregate(bars.take(bars.session == number), length, OPENS, CLOSES) for number in range(3)
    ]
    assert equal(together, BarColumns.concat(alone))


@given(
    st.lists(bars_of_three_sessions(), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), lengths), max_size=8),
)
@settings(max_examples=60)
def test_symbols_one_after_the_other_give_what_each_gives_by_itself(symbols, asked):
    together = Aggregation(OPENS, CLOSES)
    for number, length in asked:
        bars = symbols[number % len(symbols)]
        again = replace(bars, close=bars.close[::-1].copy())  # stamped alike, other prices
        for one in (bars, again):
            assert equal(together(one, length), aggregate(one, length, OPENS, CLOSES))


@given(bars_of_three_sessions(), lengths, st.integers(0, 180))
@settings(max_examples=60)
def test_a_prefix_gives_the_same_bits_for_every_window_known_by_then(bars, length, rows):
    whole = aggregate(bars, length, OPENS, CLOSES)
    rows = min(rows, len(bars))
    if rows == 0:
        return
    clock = bars.available_at[rows - 1]
    prefix = aggregate(bars.slice(0, rows), length, OPENS, CLOSES)
    known = prefix.available_at <= clock
    assert equal(prefix.take(known), whole.take(whole.available_at <= clock))

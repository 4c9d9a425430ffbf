"""Random bars and random scripts of orders: the engine does what the reference does."""

from __future__ import annotations

from engine_runs import (
    EXACT,
    FREE,
    SESSION,
    check_world,
    engine_ends,
    engine_fills,
    run_engine,
    scripted,
    world_bars,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import generate


@st.composite
def worlds(draw):
    """Bars of one or two symbols over one or two short sessions, scripts, and an account.

    Bars are rows (open, high, low, close, volume), None where the minute has no bar.
    """
    symbols = ["A", "B"][: draw(st.integers(1, 2))]
    minutes = draw(st.integers(1, 2)) * SESSION
    row = st.one_of(generate.rows(), generate.rows(), generate.rows(), st.none())
    bars = {s: draw(st.lists(row, min_size=minutes, max_size=minutes)) for s in symbols}
    names = ["one", "two"][: draw(st.integers(1, 2))]
    lot = draw(st.sampled_from([1, 1, 0.1]))
    scripts = {n: {s: draw(generate.scripts(minutes, lot=lot)) for s in symbols} for n in names}
    account = {
        "lot": lot,
        "cash": draw(st.sampled_from([1_000_000, 2_000, 5_000])),
        "leverage": draw(st.sampled_from([None, 1.0, 2.0])),
        "participation": draw(st.sampled_from([None, None, 0.1])),
        "commission": draw(st.sampled_from([FREE, (1.0, 0.1, 0.005, 0.001, 0.01)])),
        "slippage": draw(st.sampled_from([EXACT, (0.25, 0.001, 0.1)])),
        "flat_by_close": draw(st.sampled_from([{}, {}, {"one": 2}, {"one": 0, "two": 3}])),
    }
    return bars, scripts, account


@settings(max_examples=100)
@given(worlds())
def test_engine_equals_reference(world):
    check_world(*world)


@settings(max_examples=100)
@given(worlds(), st.integers(1, 4))
def test_with_a_post_market_too(world, after):
    check_world(*world, after=after)


@settings(max_examples=50)
@given(worlds(), st.sampled_from([0, 0, 2]))
def test_frames_of_one_step_change_nothing(world, after):
    rows, scripts, account = world
    bars, sessions = world_bars(rows, after)
    classes = {name: scripted(script) for name, script in scripts.items()}
    whole = run_engine(bars, sessions, classes, **account)
    steps = run_engine(bars, sessions, classes, speed=1e9, block_sessions=1, **account)
    assert engine_fills(whole) == engine_fills(steps)
    assert engine_ends(whole) == engine_ends(steps)
    assert whole.equity.equity.tolist() == steps.equity.equity.tolist()

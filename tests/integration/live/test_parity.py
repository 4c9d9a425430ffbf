"""A live session beside a backtest of its bars."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from live_sessions import MINUTE, SECOND

from mismartera_core import StreamChanged, StreamedBars, StreamState
from mismartera_core.system.recorded.parity import parity, write_parity


@pytest.fixture
def compared(live):
    """Run a session and compare it: what was found, and the session."""

    def run(**changes):
        made = live(**changes)
        folder = made.run().folder
        return parity(folder, made.settings, made.registry), folder

    return run


def causes(found):
    return {each.cause.value for each in found.parity.differences}


def at(live, minute):
    """Close of a minute of the session."""
    return live.open_ns + minute * MINUTE


def moved(script, symbol, minute, live, seconds):
    """The script with one bar so much later."""
    wanted = at(live, minute - 1)
    changed = [
        (when + seconds * SECOND, event)
        if event.symbol == symbol and int(event.bars.ts[0]) == wanted
        else (when, event)
        for when, event in script
    ]
    assert changed != script
    return sorted(changed, key=lambda each: each[0])


def test_a_session_that_filled_like_the_simulator_has_no_difference(compared, tmp_path):
    found, folder = compared()
    assert found.parity.differences == ()
    assert found.parity.orders == found.parity.paired == found.parity.backtest_orders > 4
    files = write_parity(folder, found)
    assert [file.name for file in files] == ["parity.json", "parity.parquet", "parity.csv"]
    assert len(pd.read_parquet(files[1])) == 0
    assert found.live.trade_hash == found.test.trade_hash


def decided(live):
    """Minutes at which the undisturbed session places entries in IBM that fill."""
    orders = live().run().orders
    mine = orders[(orders["symbol"] == "IBM") & (orders["parent_id"] == 0)]
    mine = mine[(mine["status"] == "filled") & (mine["side"] == "buy")]
    opened = pd.Timestamp(live.open_ns, tz="UTC")
    return [int((when - opened).total_seconds() // 60) for when in mine["submitted_at"]]


def test_a_late_bar_is_named(compared, live):
    minute = decided(live)[0]
    found, _ = compared(script=moved(live.script(), "IBM", minute, live, 20))
    assert found.parity.differences[0].cause.value == "bar late"
    assert found.parity.differences[0].detail.endswith("after it was due")


def test_a_bar_that_was_revised_is_named(compared, live):
    minute = decided(live)[0]
    script = live.script()
    event = next(
        e for _, e in script if e.symbol == "IBM" and int(e.bars.ts[0]) == at(live, minute - 1)
    )
    half = event.bars.close / 2
    revised = StreamedBars("IBM", replace(event.bars, close=half, low=half), revised=True)
    script.append((at(live, minute + 5) + SECOND, revised))
    found, _ = compared(script=sorted(script, key=lambda each: each[0]))
    assert found.parity.differences[0].cause.value == "bar revised"
    assert causes(found) <= {"bar revised", "follows from an earlier difference"}


def test_a_stream_that_was_down_is_named(compared, live):
    minute = decided(live)[0]
    begins, ends = at(live, minute) - 30 * SECOND, at(live, minute + 3) - 30 * SECOND
    kept = [(when, e) for when, e in live.script() if not begins <= when < ends]
    kept += [
        (begins, StreamChanged(StreamState.LOST, "gone")),
        (ends, StreamChanged(StreamState.LIVE)),
    ]
    lost = [(ends + SECOND, e) for when, e in live.script() if begins <= when < ends]
    script = sorted([*kept, *lost], key=lambda each: each[0])
    found, _ = compared(script=script)
    assert found.parity.differences
    assert causes(found) <= {
        "feed down",
        "bar late",
        "bar filled later",
        "follows from an earlier difference",
    }


def test_disorder_leaves_nothing_unexplained(compared):
    for seed in (1, 2):
        found, _ = compared(seed=seed)
        assert found.parity.differences
        assert "unexplained" not in causes(found)

"""Since when a feed is silent: bars that are due and do not come, or a connection that is lost."""

from types import SimpleNamespace

import pytest

from mismartera_core.store.frame import Feed
from mismartera_core.threads.replay.silence import Silence

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


def frame(minute, heard, *, live=True, opens=False, last=False, bars=0):
    """The frame of the step at a minute; `heard` in seconds, None where there is no feed."""
    feed = None if heard is None else Feed(live=live, heard_ns=round(heard * SECOND))
    following = 0 if last else (minute + 1) * MINUTE
    return SimpleNamespace(
        feed=feed,
        next_ns=following,
        upto_ns=minute * MINUTE,
        opens=opens,
        base=[SimpleNamespace(stop=bars)],
        fresh=lambda track: 0,
    )


def seconds(*frames):
    silence = Silence()
    return [None if (at := silence.since(f)) is None else at / SECOND for f in frames]


def test_a_feed_that_brings_its_bars_is_never_silent_for_a_minute():
    found = seconds(frame(0, 0, opens=True), frame(1, 60.1), frame(2, 120.2), frame(3, 180.1))
    assert found == [10, 70, 130, 190]  # at the next boundary 50 s have counted


def test_bars_that_are_due_and_do_not_come_are_ten_seconds_late_at_a_minute():
    found = seconds(frame(1, 60.1), frame(2, 60.1), frame(3, 60.1))
    assert found == [70, 70, 70]  # 60 s at 2:10


def test_what_comes_in_between_is_a_sign_of_life():
    assert seconds(frame(1, 60.1), frame(2, 150.0), frame(2, 175.0)) == [70, 150, 175]


def test_a_lost_connection_counts_from_what_was_heard_last():
    assert seconds(frame(1, 60.1), frame(2, 60.1, live=False)) == [70, 60.1]
    assert seconds(frame(2, 0, live=False)) == [120]


def test_bars_from_wherever_are_a_sign_of_life():
    assert seconds(frame(1, 60.1), frame(2, 60.1, bars=1), frame(3, 60.1)) == [70, 130, 130]


def test_a_session_opens_without_silence():
    assert seconds(frame(1, 60.1), frame(9, 60.1, opens=True)) == [70, 550]


@pytest.mark.parametrize("only", [frame(1, None), frame(1, 60.1, last=True)])
def test_a_backtest_and_the_end_of_a_session_are_never_silent(only):
    assert seconds(only) == [None]

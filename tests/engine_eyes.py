"""What tests of the engine share: strategies that note what they are shown, and a naive view."""

from __future__ import annotations

import pandas as pd
from bars import NEW_YORK, random_walk
from engine_runs import registry

from mismartera_core import Strategy, backtest

DAYS = ["2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"]
"""The second is a half day: it closes at 13:00."""
STEPS = {"speed_multiplier": 1e6}
"""Every frame is one step."""
FIELDS = ["open", "high", "low", "close", "volume"]


def run(bars, strategy, **options):
    return backtest(bars, strategy, **{"registry": registry(), "leverage": None, **options})


def noting(look, listen=None, setup=None):
    """A strategy that notes (symbol, clock, what `look` says) at every bar, and its notes."""
    seen = []

    class Noting(Strategy):
        def setup(self):
            if setup is not None:
                setup(self)

        def on_bar(self, bar):
            seen.append((self.symbol, self.now, look(self, bar)))

    return Noting, seen


def half_day_walk(days=DAYS, **options):
    """A random walk whose half day ends with its session."""
    frame = random_walk(days, **options).tz_convert(NEW_YORK)
    early = (frame.index.strftime("%m-%d") == "07-03") & (frame.index.hour >= 13)
    return frame[~early]


def resampled(frame, minutes):
    """Bars of so many minutes anchored at 09:30, by session, with the instants they are known."""
    opened = frame.index.normalize() + pd.Timedelta("9h30min")
    length = pd.Timedelta(minutes=minutes)
    start = opened + (frame.index - opened) // length * length
    made = frame.groupby(start).agg(
        open=("open", "first"),
        high=("high", "max"),
        low=("low", "min"),
        close=("close", "last"),
        volume=("volume", "sum"),
    )
    close = made.index.normalize() + made.index.map(_close_of)
    known = (made.index + length).where(made.index + length < close, close)
    return made.rename_axis("timestamp"), known


def _close_of(stamp):
    return pd.Timedelta(hours=13 if stamp.strftime("%m-%d") == "07-03" else 16)

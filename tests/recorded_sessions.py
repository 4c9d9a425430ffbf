"""Live sessions that are recorded: an hour of two symbols, in order or in disorder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from engine_sessions import session
from live_sessions import MINUTE, SECOND, STREAMS, Scripted, VenueClock, in_time

from mismartera_core import Strategy, StreamChanged, StreamedBars, StreamState
from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider
from mismartera_core.testing import plugin_context, session_table

DAY = date(2012, 10, 2)
SYMBOLS = ["AAPL", "IBM"]
RISK = [
    {"name": "max_orders_per_session", "config": {"limit": 100_000}},
    # The script ends long before the session does.
    {"name": "standard", "config": {"feed_seconds": 86_400}},
]
DATA = {
    "symbols": SYMBOLS,
    "historical": {"data": [{"apply_to": "all", "intervals": ["1m"], "trailing_days": 1}]},
}


class Crosses(Strategy):
    """Trades on averages of one and of five minutes."""

    def setup(self):
        self.fast = self.indicator("mean", length=5)
        self.slow = self.indicator("mean", length=20)
        self.five = self.indicator("mean", length=6, interval="5m")

    def on_bar(self, bar):
        if self.position.is_flat and self.fast.value > self.slow.value:
            self.buy(5, stop_loss=bar.close * 0.998, take_profit=bar.close * 1.002)
        elif self.position.is_long and self.five.value > bar.close:
            self.close()


def scattered(script, rng):
    """Bars late, revised, older than what was seen, doubled; the stream lost and back."""
    made = []
    for at, event in script:
        kind = rng.integers(0, 20)
        if kind == 0:
            made.append((at + int(rng.integers(1, 4)) * 20 * SECOND, event))
        elif kind == 1:
            bars = replace(event.bars, close=event.bars.low)
            made += [
                (at, event),
                (at + 90 * SECOND, StreamedBars(event.symbol, bars, revised=True)),
            ]
        elif kind == 2:
            made.append((at + 3 * MINUTE, event))
        elif kind == 3:
            lost = StreamChanged(StreamState.LOST, "gone")
            made += [(at, event), (at + SECOND, lost)]
            made.append((at + 2 * SECOND, StreamChanged(StreamState.LIVE)))
        else:
            made += [(at, event)] * (1 + (kind == 4))
    return sorted(made, key=lambda each: each[0])


class Made:
    """Makes live sessions.

    Args:
        folder: Where sample data may lie.
        plugins: Further plugins.
    """

    def __init__(self, folder, plugins):
        self._plugins = plugins
        history = SampleProvider(SampleConfig(), plugin_context(folder))
        self.held = {symbol: history.get_bars(symbol, "1m", 0, 2**62) for symbol in SYMBOLS}
        today = session_table(DAY, DAY)
        self.open_ns, self.close_ns = int(today.open_ns[0]), int(today.close_ns[0])
        # However far the script has run when history is loaded: today's bars come by the stream.
        self.past = {s: b.slice(0, b.ts.searchsorted(self.open_ns)) for s, b in self.held.items()}

    def script(self, minutes=60):
        """The bars of the first minutes of the session, in time."""
        stop_ns = min(self.open_ns + minutes * MINUTE, self.close_ns)
        held = self.held.items()
        return in_time({s: b.slice(*b.ts.searchsorted((self.open_ns, stop_ns))) for s, b in held})

    def __call__(self, strategy=Crosses, seed=None, script=None, **changes):
        """A session; disordered by a seed, or with a script of its own."""
        events = self.script() if script is None else script
        if seed is not None:
            events = scattered(events, np.random.default_rng(seed))
        clock = VenueClock(self.open_ns - 5 * MINUTE)

        def provider(config, context):
            return Scripted(self.past, events, clock, self.close_ns + SECOND)

        common = {"data": DATA, "risk": RISK, "plugins": self._plugins, **changes}
        return session(strategy, None, (provider, STREAMS), wall=clock, **common)

"""Hours of a live session with a disconnect every ten minutes: nothing grows, nothing is lost.

Two hours, or as many as MISMARTERA_SOAK_HOURS says (23 at most), of a market that never closes.
"""

from __future__ import annotations

import gc
import os
import threading
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from live_day import MINUTE, SECOND, live_config, play

from mismartera_core import Strategy, StrategyReg, hookimpl
from mismartera_core.testing import AlpacaVenue, session_table, walk_bars

HOURS = int(os.environ.get("MISMARTERA_SOAK_HOURS", "2"))
DAY = date(2024, 1, 2)
SYMBOLS = ["AAPL", "MSFT"]


@pytest.fixture(autouse=True)
def _own_place(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("ALPACA_API_KEY", "PKTEST")
    monkeypatch.setenv("ALPACA_SECRET_KEY", "secret")


def usage() -> tuple[int, int, int]:
    """Threads, open files and resident memory in bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(list(Path("/proc/self/fd").iterdir()))
    return threading.active_count(), files, pages * os.sysconf("SC_PAGE_SIZE")


class Trader(Strategy):
    """Buys and sells every quarter of an hour; looks at what the process uses once an hour."""

    seen: list
    open_ns: int

    def setup(self):
        self.mean = self.indicator("sma", period=20)

    def on_bar(self, bar):
        minute = (bar.ts - self.open_ns) // MINUTE
        if self.symbol == SYMBOLS[0] and minute % 60 == 59:
            self.seen.append(usage())
        if minute % 15 == 5 and self.position.is_flat:
            self.buy(1)
        elif minute % 15 == 9:
            self.close()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_hours_with_a_disconnect_every_ten_minutes_leave_nothing_behind():
    # Three weeks before the day: `standard` goes by the average volume.
    table = session_table(DAY - timedelta(days=21), DAY, "CRYPTO", "CRYPTO")
    open_ns, close_ns = int(table.open_ns[-1]), int(table.close_ns[-1])
    last_ns = open_ns + 60 * HOURS * MINUTE
    bars = {s: walk_bars(table, seed=n) for n, s in enumerate(SYMBOLS)}
    bars = {s: b.slice(0, int(b.ts.searchsorted(last_ns))) for s, b in bars.items()}
    trader = type("Trader", (Trader,), {"seen": [], "open_ns": open_ns})

    @hookimpl
    def mismartera_strategies():
        return [StrategyReg(name="trader", factory=trader)]

    plugin = type(os)("soak")
    plugin.mismartera_strategies = mismartera_strategies
    with AlpacaVenue(bars, start_ns=open_ns + SECOND, prompt=True, sessions=table) as venue:

        def drop_often():
            for minute in range(10, 60 * HOURS, 10):
                venue.at(open_ns + minute * MINUTE + 7 * SECOND, partial(venue.drop))

        config = live_config(venue, SYMBOLS)
        config["strategies"] = [{"name": "trader"}]
        # The venue's clock stands, then jumps by minutes: that is no silence, and no skew.
        jumps = {"feed_seconds": 86_400, "clock_skew": 3_600}
        config["risk"] = [{"name": "standard", "config": jumps}]
        config |= {"exchange_group": "CRYPTO", "asset_class": "CRYPTO"}
        config["session_data_config"] |= {
            "gap_filler": {
                "name": "alpaca",
                "config": config["data_provider"]["config"],
                "retry_interval_seconds": 0.2,
            },
        }
        made = play(
            venue,
            config,
            until_ns=close_ns + 30 * SECOND,
            before=drop_often,
            plugins={"soak": plugin},
            stuck=0.3,
        )
        fills = len(venue.book.fills)
    first, last = trader.seen[0], trader.seen[-1]
    # A connection more or less is being opened or closed at the moment.
    assert last[0] <= first[0] + 2
    assert last[1] <= first[1] + 4
    assert last[2] < 1.1 * first[2]
    assert fills == len(made.ran.fills) >= 2 * HOURS

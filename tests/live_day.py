"""A live day at a fake Alpaca on this machine: the real client, the whole session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from mismartera_core import BarColumns, Session
from mismartera_core.registry import Registry
from mismartera_core.testing import AlpacaVenue

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
PLUGINS = ("mismartera_alpaca", "mismartera_indicators", "strategies_example")


def live_config(venue: AlpacaVenue, symbols: list[str], **changes: Any) -> dict[str, Any]:
    """The config of a live session at a venue."""
    return {
        "session_name": "live day",
        "exchange_group": "US_EQUITY",
        "asset_class": "EQUITY",
        "mode": "live",
        # Thirty seconds of a clock that runs 600 times too fast are fifty milliseconds.
        "live_config": {"settle_seconds": 30},
        "session_data_config": {"symbols": symbols, "streams": ["bars_1m"]},
        "data_provider": {
            "name": "alpaca",
            "config": {
                "data_url": venue.url,
                "stream_url": venue.data_url,
                "trading_url": venue.url,
            },
        },
        "strategies": [{"name": "opening_range_breakout", "params": {"shares": 10}}],
        "broker": {
            "name": "alpaca",
            "config": {"trading_url": venue.url, "trading_stream_url": venue.trading_url},
        },
        "risk": [{"name": "standard"}],
        **changes,
    }


def registry(**more: ModuleType) -> Registry:
    """Plugins of this repository, and more."""
    modules = {name: import_module(f"{name}.plugin") for name in PLUGINS}
    return Registry.from_modules({**modules, **more})


def play(
    venue: AlpacaVenue,
    config: Mapping[str, Any],
    *,
    minute_seconds: float = 0.1,
    until_ns: int,
    before: Callable[[], None] = lambda: None,
    **session: Any,
) -> Session:
    """Run a live session while the venue's clock runs; the session with its run folder.

    Args:
        venue: The venue; its clock stands before the open.
        config: The session config.
        minute_seconds: Real seconds a minute of the venue.
        until_ns: Where the venue's clock stops.
        before: Called when the session listens, before the clock runs.
        **session: As `Session` takes them.
    """
    made = Session(
        config, registry=session.pop("registry", registry()), wall=venue.clock, **session
    )
    over = threading.Event()

    def drive() -> None:
        while not _listened_to(venue) and not over.wait(0.01):
            pass
        before()
        if not over.is_set():
            venue.play(minute_seconds, until_ns)

    driver = threading.Thread(target=drive, name="driver")
    driver.start()
    try:
        made.ran = made.run()  # type: ignore[attr-defined]
    finally:
        over.set()
        driver.join()
        venue.pause()
    return made


def first_open(bars: Mapping[str, BarColumns]) -> int:
    """Open of the first bar, nanoseconds UTC."""
    return min(int(columns.ts[0]) for columns in bars.values())


def _listened_to(venue: AlpacaVenue) -> bool:
    """Whether somebody has subscribed to bars."""
    return any(any(line.state.get("subs", {}).values()) for line in venue.data.lines)

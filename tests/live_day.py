"""A live day at a fake Alpaca on this machine: the real client, in lock-step with the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from time import monotonic
from types import ModuleType
from typing import Any

from mismartera_core import PortfolioStrategy, Session, StrategyReg, hookimpl
from mismartera_core.registry import Registry
from mismartera_core.testing import AlpacaVenue

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
PLUGINS = ("mismartera_alpaca", "mismartera_indicators", "strategies_example")
LOOK = 0.3
"""Real seconds after which a step that is not decided on is given more of the venue's time."""
PATIENCE = 2 * SECOND
"""The venue's time within which a step is closed that a symbol has no bar for."""
STUCK = 60.0
"""Real seconds within which a step is decided on, however busy the machine."""
AWAY = 2 * MINUTE
"""The venue's time that goes on when it has lost its listener, before it waits for one."""
FETCHES = 0.5
"""Real seconds in which a session that is back fetches orders and positions, and in which one that
begins learns that it is connected: until then time that goes on is silence of its feed."""
FOLLOWS = 3.0
"""Real seconds within which an order that waited for a cancel follows it."""


class Pace:
    """How far the engine has come: told by a strategy that is called after all others."""

    def __init__(self) -> None:
        self._now = 0
        self._moved = threading.Condition()

    def reached(self, now_ns: int) -> None:
        """A step has been decided on."""
        with self._moved:
            self._now = max(self._now, now_ns)
            self._moved.notify_all()

    def wait(self, for_ns: int, seconds: float, over: threading.Event) -> bool:
        """Wait for a step; whether it has come, or the session is over."""
        with self._moved:
            return self._moved.wait_for(lambda: self._now >= for_ns or over.is_set(), seconds)

    def release(self) -> None:
        """Let whoever waits look whether the session is over."""
        with self._moved:
            self._moved.notify_all()


def live_config(venue: AlpacaVenue, symbols: list[str], **changes: Any) -> dict[str, Any]:
    """The config of a live session at a venue."""
    return {
        "session_name": "live day",
        "exchange_group": "US_EQUITY",
        "asset_class": "EQUITY",
        "mode": "live",
        # The venue waits for the engine; what is late is late by the venue's clock.
        "live_config": {"settle_seconds": 1.0},
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


def registry(pace: Pace | None = None, **more: ModuleType) -> Registry:
    """Plugins of this repository with the strategy `pacemaker`, and more."""
    modules = {name: import_module(f"{name}.plugin") for name in PLUGINS}
    return Registry.from_modules({**modules, "pace": _pacemaker(pace or Pace()), **more})


def _pacemaker(pace: Pace) -> ModuleType:
    class Pacemaker(PortfolioStrategy):
        """Trades nothing; tells that a step has been decided on."""

        def on_step(self, step: Any) -> None:
            pace.reached(step.now_ns)

    @hookimpl
    def mismartera_strategies() -> list[StrategyReg]:
        return [StrategyReg(name="pacemaker", factory=Pacemaker)]

    plugin = ModuleType("pace")
    plugin.mismartera_strategies = mismartera_strategies  # type: ignore[attr-defined]
    return plugin


def play(
    venue: AlpacaVenue,
    config: Mapping[str, Any],
    *,
    until_ns: int,
    before: Callable[[], None] = lambda: None,
    plugins: Mapping[str, ModuleType] | None = None,
    stuck: float = STUCK,
    **session: Any,
) -> Session:
    """Run a live session; the venue's clock goes on when the engine has decided on a step.

    Args:
        venue: The venue; its clock stands before the open.
        config: The session config.
        until_ns: Where the venue's clock stops.
        before: Called when the session listens, before the clock runs.
        plugins: More plugins.
        stuck: Real seconds that a step is waited for; short where steps are missed on purpose.
        **session: As `Session` takes them.

    Returns:
        The session, with its run as `ran`.
    """
    pace, over = Pace(), threading.Event()
    config = {**config, "strategies": [*config["strategies"], {"name": "pacemaker"}]}
    known = registry(pace, **(plugins or {}))
    made = Session(config, registry=known, wall=venue.clock, **session)
    driver = threading.Thread(
        target=_drive, args=(venue, pace, over, until_ns, before, stuck), name="driver"
    )
    driver.start()
    try:
        made.ran = made.run()  # type: ignore[attr-defined]
    finally:
        over.set()
        pace.release()
        driver.join()
    return made


def _drive(
    venue: AlpacaVenue,
    pace: Pace,
    over: threading.Event,
    until_ns: int,
    before: Callable[[], None],
    stuck: float,
) -> None:
    while not _listened_to(venue):
        if over.wait(0.01):
            return
    over.wait(FETCHES)
    before()
    closes = {int(close) for bars in venue.tape.bars.values() for close in bars.available_at}
    lost_ns = 0
    while (due := venue.next_ns) is not None and due <= until_ns:
        if not lost_ns and not (_listened_to(venue) and venue.trades.listeners):
            lost_ns = due
        elif lost_ns and due - lost_ns > AWAY:
            _wait_for_listeners(venue, over)
            lost_ns = 0
        with venue.lock:
            waiting = {order.symbol for order in venue.book.open()}
        venue.advance(due)
        if due in closes and not pace.wait(due, LOOK, over):
            # A symbol has no bar: the step is closed when its patience is over.
            venue.advance(min(due + PATIENCE, venue.next_ns or until_ns))
            pace.wait(due, stuck, over)
        if over.is_set():
            return
        _let_exits_follow(venue, waiting, over)
    venue.advance(until_ns)


def _let_exits_follow(venue: AlpacaVenue, waiting: set[str], over: threading.Event) -> None:
    """Wait for the exit of each position whose resting order has been cancelled for it."""

    def bare() -> bool:
        with venue.lock:
            open_ = {order.symbol for order in venue.book.open()}
            return any(venue.ledger.position(symbol) for symbol in sorted(waiting - open_))

    deadline = monotonic() + FOLLOWS
    while _cancelled_last(venue) and bare() and monotonic() < deadline:
        over.wait(0.01)


def _cancelled_last(venue: AlpacaVenue) -> bool:
    """Whether a cancel is among the last requests that change something."""
    asked = [request.method for request in venue.requests if request.method != "GET"]
    return "DELETE" in asked[-2 * len(venue.tape.bars) :]


def _wait_for_listeners(venue: AlpacaVenue, over: threading.Event) -> None:
    """Wait until bars and orders are listened to again; a session that is over does not."""
    deadline = monotonic() + STUCK
    while not (_listened_to(venue) and venue.trades.listeners) and monotonic() < deadline:
        if over.wait(0.01):
            return
    over.wait(FETCHES)


def _listened_to(venue: AlpacaVenue) -> bool:
    """Whether somebody has subscribed to bars."""
    return any(any(line.state.get("subs", {}).values()) for line in venue.data.lines)

"""How a live session stands, for whoever watches: written by its threads, read by any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.model.market import from_ns
from mismartera_core.model.sessions import SessionPhase
from mismartera_core.model.venue import VenueAccount
from mismartera_core.store.frame import Feed, Frame
from mismartera_core.threads.analysis_engine import AroundReplay, Replay
from mismartera_core.threads.replay.desk import Desk

WAITING = "waiting for the open"
SHOWN_EVERY = 0.1
"""Seconds between two looks at the books: nobody reads faster, and quotes come in hundreds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStatus:
    """How a live session stands.

    Attributes:
        phase: Where the session is.
        clock: Now, in the exchange's zone.
        feed: "connected", or why it is not.
        feed_age: Seconds since the feed said anything; None before the first word.
        positions: Units by ticker; those that are flat are left out.
        equity: Cash plus positions at their last closes.
        pnl: Equity less that at the start of the session.
        orders_today: Orders accepted in the session.
        working: Orders that work.
        risk: State of risk, with the reason where it is not active.
        decision: The last order or refusal; "" before the first.
        quarantined: Strategies that open nothing more, plugins that are told nothing more, and why.
    """

    phase: str
    clock: datetime
    feed: str
    feed_age: float | None
    positions: dict[str, float]
    equity: float
    pnl: float
    orders_today: int
    working: int
    risk: str
    decision: str
    quarantined: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """The status as JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "clock": self.clock.isoformat(timespec="seconds"),
            "feed_age": None if self.feed_age is None else round(self.feed_age, 1),
        }

    def lasting(self) -> dict[str, Any]:
        """What of it does not change by the passing of time alone."""
        return {k: v for k, v in self.facts().items() if k not in ("clock", "feed_age")}


@dataclass(frozen=True, slots=True)
class _Books:
    """What the engine's thread has seen at its last turn."""

    feed: Feed | None
    positions: dict[str, float]
    equity: float
    pnl: float
    orders_today: int
    working: int
    risk: str
    decision: str


class StatusBoard:
    """Keeps how a session stands. Written as a whole, so that it can be read at any time.

    Attributes:
        account: The account that is traded; None where orders are simulated.
    """

    def __init__(self) -> None:
        self.account: VenueAccount | None = None
        self._now_ns: Callable[[], int] | None = None
        self._zone: ZoneInfo | None = None
        self._phase = WAITING
        self._quarantined: tuple[str, ...] = ()
        self._books = _Books(None, {}, 0.0, 0.0, 0, 0, "active", "")

    def begin(self, now_ns: Callable[[], int], zone: ZoneInfo) -> None:
        """A session begins.

        Args:
            now_ns: The wall clock, nanoseconds UTC.
            zone: The exchange's.
        """
        self._now_ns, self._zone = now_ns, zone

    def entered(self, day: date, phase: SessionPhase) -> None:
        """Take note of a phase, by the coordinator's thread."""
        self._phase = f"{day} {phase.value.replace('_', ' ')}"

    def quarantine(self, words: str) -> None:
        """Take note of a strategy or a plugin that is quarantined, and why."""
        self._quarantined = (*self._quarantined, words)

    def watch(self, player: Replay, desk: Desk) -> Replay:
        """A player that shows how the books stand after each of its turns."""
        return _Watched(player, desk, self)

    def show(self, books: _Books) -> None:
        """Take how the books stand, by the engine's thread."""
        self._books = books

    def status(self) -> LiveStatus | None:
        """How the session stands now; None before it begins. To be called by any thread."""
        if self._now_ns is None or self._zone is None:
            return None
        now_ns, books = self._now_ns(), self._books
        feed = books.feed
        said = "not connected yet" if feed is None else feed.reason or "connected"
        heard = None if feed is None or not feed.heard_ns else (now_ns - feed.heard_ns) / 1e9
        return LiveStatus(
            phase=self._phase,
            clock=from_ns(now_ns, self._zone),
            feed=said,
            feed_age=heard,
            positions=books.positions,
            equity=books.equity,
            pnl=books.pnl,
            orders_today=books.orders_today,
            working=books.working,
            risk=books.risk,
            decision=books.decision,
            quarantined=self._quarantined,
        )


class _Watched(AroundReplay):
    """Passes every turn on, then shows how the books stand."""

    def __init__(self, player: Replay, desk: Desk, board: StatusBoard) -> None:
        super().__init__(player)
        self._desk = desk
        self._board = board
        self._feed: Feed | None = None
        self._start: float | None = None
        self._shown = -SHOWN_EVERY

    def play(self, frame: Frame) -> int:
        self._feed = frame.feed
        if frame.opens or self._start is None:
            self._start = float(self._desk.equity())
        bars = self._player.play(frame)
        self._show(at_once=frame.opens or frame.ends)
        return bars

    def news(self, now_ns: int) -> bool:
        working = self._player.news(now_ns)
        self._show()
        return working

    def finish(self) -> None:
        self._player.finish()
        self._show(at_once=True)

    def _show(self, *, at_once: bool = False) -> None:
        if not at_once and monotonic() - self._shown < SHOWN_EVERY:
            return
        self._shown = monotonic()
        desk, execution = self._desk, self._desk.execution
        equity = float(desk.equity())
        self._board.show(
            _Books(
                self._feed,
                {symbol: float(units) for symbol, units in execution.units().items()},
                equity,
                0.0 if self._start is None else equity - self._start,
                execution.orders_today,
                sum(map(len, desk.working.values())),
                _risk(execution.control),
                _decision(execution.ledger.orders, execution.ledger.refused),
            )
        )


def _risk(control: Any) -> str:
    """The state of risk, looked at past the tape: a watcher is no part of the session."""
    record = getattr(control, "past_tape", control).record
    state: str = record.state.value
    return f"{state}: {record.reason}" if record.reason else state


def _decision(orders: list[WorkingOrder], refused: list[WorkingOrder]) -> str:
    newest = max((*orders[-1:], *refused[-1:]), key=lambda o: o.submitted_ns, default=None)
    if newest is None:
        return ""
    side = "buy" if newest.side > 0 else "sell"
    why = f": {newest.reason}" if newest.reason else ""
    what = f"{side} {newest.quantity:g} {newest.owner.symbol_name}"
    return f"{newest.owner.strategy}: {what} {newest.status.value.replace('_', ' ')}{why}"

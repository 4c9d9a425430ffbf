"""Replays SignalStrategies by the compiled loop: the same trades as stepping them, without bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.managers.execution_manager.equity import EquityBook
from mismartera_core.model.columns import IntArray
from mismartera_core.model.results import MICROS
from mismartera_core.model.signals import Signals
from mismartera_core.services.compiled import SINCE, WAITING, Pricing
from mismartera_core.store.frame import Frame
from mismartera_core.threads.replay.compiled_orders import CompiledOrders
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.player import Player
from mismartera_core.threads.replay.targets import SignalUnit

STEPPED = "stepped: stop_loss and take_profit are not compiled"


class CompiledPlayer:
    """Replays frames of whole sessions.

    Where history is anchored, all sessions of a block are traded when the first of them arrives,
    and booked one by one; else each session when it arrives. Signals that the loop cannot follow
    are stepped, from their first session on.

    Args:
        desk: What the units share.
        units: By symbol in the order of the config, then by strategy.
        equity: Keeps the account's value over time.
        closes: Close of each session of the run, nanoseconds UTC.
        pricing: What a fill costs.
        player: Steps where need be.

    Attributes:
        notes: What a reader of the result should know.
    """

    def __init__(
        self,
        desk: Desk,
        units: Sequence[SignalUnit],
        equity: EquityBook,
        closes: IntArray,
        pricing: Pricing,
        player: Player,
    ) -> None:
        self.notes: tuple[str, ...] = ()
        self._desk = desk
        self._units = units
        self._equity = equity
        self._player = player
        self._orders = CompiledOrders(
            desk.execution.ledger,
            closes,
            np.array([u.holding.index for u in units], dtype=np.int64),
            np.array([u.holding.symbol for u in units], dtype=np.int64),
            desk.execution.broker.lot,
            pricing,
        )
        self._traded: Frame | None = None
        self._last: Frame | None = None
        desk.worth = self._worth

    def play(self, frame: Frame) -> int:
        """Replay one session.

        Returns:
            Base bars that were in it.
        """
        if self.notes:
            return self._player.play(frame)
        if not (frame.anchored and self._traded is not None and _same_columns(self._traded, frame)):
            signals = [self._signals(frame, unit) for unit in self._units]
            if any(s.stop_loss is not None or s.take_profit is not None for s in signals):
                self._hand_over(frame)
                return self._player.play(frame)
            self._trade(frame, signals)
        self._desk.data.take(frame)
        self._last = frame
        self._desk.clock.now_ns = frame.close_ns
        self._equity.begin(frame)
        self._desk.execution.ledger.settle()
        self._orders.book(frame.close_ns)
        self._equity.end(frame)
        return sum(track.stop - track.start for track in frame.base)

    def interrupt(self) -> None:
        """End the replay soon; to be called by another thread."""
        self._player.interrupt()

    def news(self, now_ns: int) -> bool:
        """A compiled run has no venue to hear: see the player."""
        return self._player.news(now_ns)

    def finish(self) -> None:
        """The run has ended."""
        if self.notes:
            self._player.finish()
            return
        if self._last is not None:
            self._orders.finish(self._last.session + 1, self._last.close_ns)
        self._tell_holdings()

    def _signals(self, frame: Frame, unit: SignalUnit) -> Signals:
        self._player.heed()
        return self._desk.signals_on(frame, unit, frame.base[unit.holding.symbol])

    def _trade(self, frame: Frame, signals: list[Signals]) -> None:
        """Trade the rows that the signals are known for."""
        self._traded = frame
        tracks = [frame.base[unit.holding.symbol] for unit in self._units]
        stops = [len(t.columns) if frame.anchored else t.stop for t in tracks]
        ended = max(
            [frame.session + 1]
            + [
                int(t.columns.session[end - 1]) + 1
                for t, end in zip(tracks, stops, strict=True)
                if end
            ]
        )
        targets = [np.ascontiguousarray(each.target, dtype=np.float64) for each in signals]
        self._orders.trade(tracks, stops, targets, ended)

    def _hand_over(self, frame: Frame) -> None:
        """Let the units go on step by step with what is held and ordered."""
        self.notes = (STEPPED,)
        self._tell_holdings()
        self._desk.worth = None
        execution = self._desk.execution
        state = self._orders
        for row in state.waiting(frame.session):
            unit, signed = self._units[row], float(state.units[row, WAITING])
            order = WorkingOrder(
                unit.holding,
                unit.holding.symbol,
                1 if signed > 0.0 else -1,
                abs(signed),
                int(state.waits[row, SINCE]),
            )
            order.id = execution.ledger.take_ids(1)
            execution.ledger.orders.append(order)
            execution.broker.submit(order)
            unit.resume(order)

    def _tell_holdings(self) -> None:
        for unit, quantity in zip(self._units, self._orders.held.tolist(), strict=True):
            unit.position.apply(quantity, 0)

    def _worth(self) -> int:
        """Net value of all positions at the end of the last session, in 1e-6 currency units."""
        if self._last is None:
            return 0
        quantity = self._orders.by_symbol(len(self._last.base))
        held = quantity.nonzero()[0]
        values = quantity[held] * self._desk.data.final_closes()[held]
        return int(np.rint(values * MICROS).sum())


def _same_columns(older: Frame, newer: Frame) -> bool:
    return all(a.columns is b.columns for a, b in zip(older.base, newer.base, strict=True))

"""Units that go after targets: a number of units wanted, bar by bar."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.strategy import SignalStrategy
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.model.columns import FloatArray
from mismartera_core.model.orders import OrderType, TimeInForce
from mismartera_core.model.quantities import on_grid
from mismartera_core.store.frame import Frame
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.unit import ONLY_CLOSE, Unit

REPLACED = "replaced by a newer target"


class TargetUnit(Unit):
    """Turns targets into orders (docs/order-semantics.md, Close and targets)."""

    _target: WorkingOrder | None = None
    _missed = 0

    def flatten(self) -> None:
        """Leave the position; targets are not followed until the next session."""
        self._missed = 0
        super().flatten()

    def resume(self, order: WorkingOrder) -> None:
        """Go on with an order that works towards the newest target."""
        self._target = order

    def take_up(self) -> None:
        """Go on with the order that an earlier process has sent towards a target."""
        if self._target is None:
            sent = (o for o in self._open_orders() if o.type is OrderType.MARKET)
            self._target = next(sent, None)

    def aim(
        self, target: float, stop_loss: float | None = None, take_profit: float | None = None
    ) -> None:
        """Go after a number of units.

        Args:
            target: Units wanted, negative for short.
            stop_loss: Stop price that protects the position.
            take_profit: Limit price that closes it.
        """
        if self.flattened:
            self._miss(target)
            return
        held = self.position.quantity
        working = self._target
        if working is None or working.is_done:
            working = self._target = self._still_leaving()
        planned = held if working is None else held + working.side * working.remaining
        if planned == target:
            return
        target = on_grid(target)
        if stop_loss is not None or take_profit is not None:
            target = self._at_once(held, target)
        if on_grid(planned) == target:
            return
        if working is not None:
            self.desk.execution.cancel(working, REPLACED)
            self._target = None
        difference = on_grid(target - held)
        if difference == 0.0:
            return
        self.cancel_all(REPLACED)
        if target == 0.0:
            stop_loss = take_profit = None
        side = 1 if difference > 0.0 else -1
        shrinks = held * target > 0.0 and abs(target) < abs(held)
        legs = (None, None) if shrinks else (stop_loss, take_profit)
        order = self.submit(
            side, abs(difference), None, None, None, *legs, TimeInForce.DAY, None, ""
        )
        self._target = order
        for leg in order.legs:
            leg.quantity = leg.remaining = abs(target)
        if shrinks:
            self._protect(side, abs(target), stop_loss, take_profit)

    def _at_once(self, held: float, target: float) -> float:
        """What can be gone for now, where legs are for what their entry is for, as at a venue.

        They would protect a part of a position that grows, and turn one that has been turned: it is
        left first, and the target is gone for from there.
        """
        stays = held == 0.0 or (held * target > 0.0 and abs(target) <= abs(held))
        return target if stays or self.desk.execution.broker.legs_of_any_size else 0.0

    def _protect(
        self, side: int, units: float, stop_loss: float | None, take_profit: float | None
    ) -> None:
        """Protect what stays of a position: legs of the order that reduces it would be no exits."""
        stop = None
        if stop_loss is not None:
            stop = self.submit(
                side, units, None, stop_loss, None, None, None, TimeInForce.GTC, None, ""
            )
        if take_profit is not None:
            self.submit(side, units, take_profit, None, None, None, None, TimeInForce.GTC, stop, "")

    def _still_leaving(self) -> WorkingOrder | None:
        """The order by which flat by close was to leave the position, where it still works."""
        leaving = self._leaving
        return None if leaving is None or leaving.is_done else leaving

    def _miss(self, target: float) -> None:
        """Book a target that is not followed, once until the other side is wanted."""
        side = (target > 0.0) - (target < 0.0)
        if side not in (0, self._missed):
            self._missed = side
            now_ns, symbol = self.desk.clock.now_ns, self.holding.symbol
            wanted = WorkingOrder(self.holding, symbol, side, abs(target), now_ns)
            self.desk.execution.refuse(wanted, ONLY_CLOSE)


class SignalUnit(TargetUnit):
    """Steps a SignalStrategy: the targets of its columns, one bar after the other."""

    def __init__(
        self,
        desk: Desk,
        holding: Holding,
        interval: str,
        flat_minutes: int | None,
        signals: SignalStrategy,
    ) -> None:
        super().__init__(desk, holding, interval, flat_minutes)
        self.signals = signals

    def begin_session(self, *, declared: bool) -> None:  # noqa: ARG002 - nothing to declare
        """Start a session."""
        self.flattened = False

    def end_session(self) -> None:
        """Nothing to tell."""

    def columns(self, frame: Frame) -> list[FloatArray]:  # noqa: ARG002 - it has no handles
        """None: targets are all it goes by."""
        return []

    def steps(
        self,
        frame: Frame,
        columns: list[list[float]],  # noqa: ARG002 - it has no handles
    ) -> tuple[list[int], Iterator[None]]:
        """The instants of its bars, and the targets to go after."""
        track = self.desk.data.track(self.holding.symbol, self.interval)
        start = frame.fresh(track)
        known = track.columns.available_at[start : track.stop].tolist()
        made = self.desk.signals(frame, self)
        rows = slice(start - track.hist, track.stop - track.hist)
        wanted = [made.target, made.stop_loss, made.take_profit]
        lists = [[None] * len(known) if c is None else c[rows].tolist() for c in wanted]
        return known, self._follow(lists)

    def _follow(self, columns: list[list[Any]]) -> Iterator[None]:
        for target, stop_loss, take_profit in zip(*columns, strict=True):
            if not math.isnan(target):
                self.aim(target, _price(stop_loss), _price(take_profit))
            yield


def _price(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value

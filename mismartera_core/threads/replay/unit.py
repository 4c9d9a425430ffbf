"""A unit: one strategy on one symbol, and what the engine does for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

from mismartera_core.contracts.broker import WorkingOrder, decimal
from mismartera_core.contracts.strategy import Strategy
from mismartera_core.contracts.views import OrderTicket, Price
from mismartera_core.errors import ConfigError, MisMarteraError
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.model.columns import FloatArray
from mismartera_core.model.market import Bar, from_ns
from mismartera_core.model.orders import Fill, OrderStatus, Side, TimeInForce
from mismartera_core.model.quantities import on_grid
from mismartera_core.services.sizing import units_for
from mismartera_core.store.frame import Frame, Need
from mismartera_core.store.lists import Bars, bars_of
from mismartera_core.store.session_data import LiveBars
from mismartera_core.threads.replay.blame import RAISED, blame
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.events import EventFeed, Events
from mismartera_core.threads.replay.handles import Handle, aligned, check_output
from mismartera_core.threads.replay.order_prices import make_legs, new_terms, order_of, put_prices
from mismartera_core.threads.replay.stepper import alone, stepper

# Looking a member up on an Enum class costs as much as a small function (Python 3.11).
DAY = TimeInForce.DAY
GTC = TimeInForce.GTC

CLOSING = "closing the position"
FLAT = "flat by close"
ONLY_CLOSE = f"{FLAT}: nothing but close() until the next session"
BY_STRATEGY = "cancelled by the strategy"


class Unit:
    """The host of an event strategy on one symbol.

    Args:
        desk: What the units of a run share.
        holding: Books of the strategy in the symbol.
        interval: Bars it listens to.
        flat_minutes: Minutes before the close at which it goes flat; None for never.
    """

    def __init__(
        self, desk: Desk, holding: Holding, interval: str, flat_minutes: int | None
    ) -> None:
        self.desk = desk
        self.holding = holding
        self.interval = interval
        self.symbol = holding.symbol_name
        self.position = holding.position
        self.handles: list[Handle] = []
        self.flat_minutes = flat_minutes
        self.flattened = False
        self._leaving: WorkingOrder | None = None
        self.declaring = False
        self.strategy: Strategy | None = None
        self.feed: EventFeed | None = None

    # what the player calls

    @property
    def label(self) -> str:
        """Strategy and symbol, for errors."""
        return f"strategy {self.holding.strategy!r} on {self.symbol}"

    @property
    def memory(self) -> tuple[str, str, Strategy]:
        """Whose state is kept: name of the strategy, ticker, and the instance."""
        assert self.strategy is not None  # noqa: S101 - bound before the first session
        return self.holding.strategy, self.symbol, self.strategy

    def bind(self, strategy: Strategy) -> None:
        """Take the strategy and let it declare what it needs."""
        self.strategy = strategy
        if self.desk.guard is not None:
            self.desk.guard(self.holding.strategy, self.label, strategy)
        if type(strategy).on_fill is not Strategy.on_fill:
            self.holding.on_fill = self._tell_fill
        symbol = self.holding.symbol
        self.feed = EventFeed(strategy, symbol, self.desk.data.series(symbol, ""))
        self._declare(strategy.setup)

    def begin_session(self, *, declared: bool) -> None:
        """Start a session: set up again (but for the first), then tell the strategy."""
        assert self.strategy is not None  # noqa: S101 - bound before the first session
        self.flattened = False
        if not declared:
            self._declare(self.strategy.setup)
        self._bring_up_handles(Strategy.on_session_start)
        self.strategy.on_session_start()

    def end_session(self) -> None:
        """Tell the strategy that the session closes."""
        assert self.strategy is not None  # noqa: S101 - bound before the first session
        self._bring_up_handles(Strategy.on_session_end)
        self.strategy.on_session_end()

    def finish(self) -> None:
        """The run has ended; everything is booked already."""

    def columns(self, frame: Frame) -> list[FloatArray]:
        """Values of the handles at the bars that a frame adds, one column a handle."""
        data = self.desk.data
        track = data.track(self.holding.symbol, self.interval)
        start = frame.fresh(track)
        return [
            aligned(
                self.desk.values(frame, handle.need)[handle.output],
                data.track(handle.need.symbol, handle.need.interval),
                track,
                start,
            )
            for handle in self.handles
        ]

    def steps(self, frame: Frame, columns: list[list[float]]) -> tuple[list[int], Iterator[None]]:
        """The instants at which the unit is called in a frame, and what to advance at each.

        Args:
            frame: The frame.
            columns: What `columns` gave, as lists.
        """
        assert self.strategy is not None  # noqa: S101 - bound before the first session
        bars, known = self._bars(frame)
        return known, stepper(len(columns))(bars, columns, self.handles, self.strategy.on_bar)

    def alone(
        self, frame: Frame, columns: list[list[float]], match: Callable[[int, Bar, int], None]
    ) -> tuple[list[int], Callable[[], None]]:
        """The instants of a frame in which nothing else is called, and what replays them.

        Args:
            frame: The frame.
            columns: What `columns` gave, as lists.
            match: Lets the working orders of a symbol meet its bar.
        """
        assert self.strategy is not None  # noqa: S101 - bound before the first session
        bars, known = self._bars(frame)
        desk, loop, instants = self.desk, alone(len(columns)), list(known)
        strategy = (self.handles, self.strategy.on_bar)
        market = (desk.clock, desk.working, match, self.holding.symbol)
        return instants, partial(loop, instants, bars, columns, *strategy, *market)

    def events(self, frame: Frame) -> list[Events]:
        """Ticks and quotes that a frame adds."""
        return [] if self.feed is None else self.feed.events(frame)

    def _bars(self, frame: Frame) -> Bars:
        """The bars that a frame adds."""
        data, symbol = self.desk.data, self.holding.symbol
        if self.interval != data.interval:
            track = data.track(symbol, self.interval)
            series = data.series(symbol, self.interval)
            return bars_of([track], [frame.fresh(track)], [series])[0]
        return data.base_bars(symbol)

    def flatten(self) -> None:
        """Cancel what works, leave the position, and refuse orders until the next session."""
        self.flattened = True
        self.cancel_all(FLAT)
        self._leaving = self._leave(FLAT)

    @property
    def stays(self) -> bool:
        """Whether it was to go flat and was not let: the order for it was refused."""
        leaving = self._leaving
        refused = leaving is not None and leaving.status is OrderStatus.REJECTED
        return self.flattened and refused and not self.position.is_flat

    # what the strategy calls

    @property
    def now(self) -> datetime:
        """The clock, in the exchange's zone."""
        return from_ns(self.desk.clock.now_ns, self.holding.zone)

    @property
    def cash(self) -> Decimal:
        """Cash of the account."""
        return self.desk.cash()

    @property
    def equity(self) -> Decimal:
        """Cash plus positions of the account at their last closes."""
        return self.desk.equity()

    @property
    def orders(self) -> Sequence[OrderTicket]:
        """Working orders of this unit, held legs among them."""
        return self._open_orders()

    def historical(self, name: str) -> float:
        """Value of a historical indicator for this session."""
        return float(self.desk.historical(name)[self.holding.symbol])

    def bars(self, interval: str | None) -> LiveBars:
        """Bars known by now."""
        wanted = interval or self.interval
        self.desk.want_interval(wanted)
        return self.desk.data.get_bars(self.symbol, wanted)

    def indicator(self, name: str, interval: str | None, params: dict[str, Any]) -> Handle:
        """A handle on the principal output of an indicator."""
        need = self.desk.need(self.holding.symbol, interval or self.interval, name, params)
        self.desk.valued.ask(self.holding.strategy, need)
        return self.handle(need, self.desk.library.get(name).outputs[0])

    def handle(self, need: Need, output: str) -> Handle:
        """The handle on one output; made in setup, found again later."""
        for known in self.handles:
            if known.need == need and known.output == output:
                return known
        check_output(output, self.desk.library.get(need.name).outputs, need.name)
        if not self.declaring:
            raise ConfigError(
                f"indicator {need.name!r}, output {output!r}, was not declared in setup",
                hint="declare it there: self.x = self.indicator(...).output",
            )
        made = Handle(self, need, output)
        self.handles.append(made)
        return made

    def values_of(self, need: Need, output: str) -> FloatArray:
        """An indicator's history and session up to now."""
        found = self.desk.values_now(need)[output]
        track = self.desk.data.track(need.symbol, need.interval)
        known = track.columns.available_at[track.hist : track.stop]
        count = int(np.searchsorted(known, self.desk.clock.now_ns, side="right"))
        values = found[:count]
        values.flags.writeable = False
        return values

    def units_for(self, amount: Price, price: Price | None) -> float:
        """Units that an amount of money pays for; see `Strategy.units_for`."""
        known = self.desk.data.last_close(self.holding.symbol) if price is None else price
        return units_for(amount, known, self.desk.execution.broker.lot)

    def submit(
        self,
        side: int,
        quantity: Price,
        limit: Price | None,
        stop: Price | None,
        trail: Price | None,
        stop_loss: Price | None,
        take_profit: Price | None,
        time_in_force: str,
        oco: OrderTicket | None,
        tag: str,
    ) -> WorkingOrder:
        """Place an order; see `Strategy.buy`."""
        desk = self.desk
        now = desk.clock.now_ns
        units = float(quantity)
        if units % 1.0:
            units = on_grid(units)
        order = WorkingOrder(self.holding, self.holding.symbol, side, units, now)
        if limit is not None or stop is not None or trail is not None:
            put_prices(order, limit, stop, trail, desk.data.last_close)
        order.tag = tag
        if time_in_force is not DAY:
            order.gtc = time_in_force == GTC
            if not order.gtc and time_in_force != DAY:
                wrong = f"time_in_force must be 'day' or 'gtc', was {time_in_force!r}"
                return desk.execution.refuse(order, wrong)
        if self.flattened:
            return desk.execution.refuse(order, ONLY_CLOSE)
        if stop_loss is None and take_profit is None and oco is None:
            return desk.execution.submit(order)
        legs = make_legs(order, stop_loss, take_profit)
        if oco is None:
            return desk.execution.submit(order, legs)
        return self._submit_pair(order, legs, oco)

    def replace(
        self,
        ticket: OrderTicket,
        quantity: Price | None,
        limit: Price | None,
        stop: Price | None,
        trail: Price | None,
    ) -> None:
        """Change a working order; see `Strategy.replace`."""
        order, desk = order_of("replace", ticket), self.desk
        terms, wrong = new_terms(order, quantity, limit, stop, trail, desk.data.last_close)
        desk.execution.changes.ask(order, terms, ONLY_CLOSE if self.flattened else wrong)

    def close(self, tag: str) -> WorkingOrder | None:
        """Cancel what works and leave the position at market; see `Strategy.close`."""
        working = self._open_orders()
        for order in working:
            if order.closing:
                return order
        if working:
            self.cancel_all(CLOSING)
        return self._leave(tag)

    def cancel(self, ticket: OrderTicket | None) -> None:
        """Cancel one order, or all of this unit's; the order of flat by close stays."""
        order = None if ticket is None else order_of("cancel", ticket)
        if self.flattened:
            return
        if order is None:
            self.cancel_all(BY_STRATEGY)
        else:
            self.desk.execution.cancel(order, BY_STRATEGY)

    # within

    def _bring_up_handles(self, unheard: Callable[..., None]) -> None:
        """Put the handles at the newest bars, for who listens: between steps they lag behind."""
        listens = getattr(type(self.strategy), unheard.__name__) is not unheard
        if listens and self.desk.data.has(self.interval):  # a venue may speak before a session
            for handle in self.handles:
                handle.bring_up()

    def _declare(self, setup: Callable[[], None]) -> None:
        self.declaring = True
        try:
            setup()
        finally:
            self.declaring = False

    def _open_orders(self) -> list[WorkingOrder]:
        book = self.desk.working.get(self.holding.symbol)
        if not book:
            return []
        return [order for order in book if order.owner is self.holding]

    def cancel_all(self, reason: str) -> None:
        """Cancel every working order of this unit."""
        for order in self._open_orders():
            order.legs = ()  # they are among the open orders and get the same reason
            self.desk.execution.cancel(order, reason)

    def _leave(self, tag: str) -> WorkingOrder | None:
        held = self.position.quantity
        if held == 0.0:
            return None
        side = -1 if held > 0.0 else 1
        order = WorkingOrder(
            self.holding, self.holding.symbol, side, abs(held), self.desk.clock.now_ns, tag=tag
        )
        order.closing = True
        order.gtc = self.flattened
        return self.desk.execution.submit(order)

    def _submit_pair(
        self, order: WorkingOrder, legs: tuple[WorkingOrder, ...], ticket: OrderTicket
    ) -> WorkingOrder:
        """Place an order that is cancelled when the other fills, and the other way round."""
        other = order_of("oco", ticket)
        if other.owner is not self.holding:
            whose = f"{other.owner.strategy!r} on {other.owner.symbol_name}"
            raise ConfigError(f"oco: expected an order of {self.label}, was one of {whose}")
        order.oco = other
        self.desk.execution.submit(order, legs)
        if order.is_done or other.is_done:
            order.oco = None
            self.desk.execution.cancel(order, "its OCO order has already ended")
        else:
            other.oco = order
        return order

    def _tell_fill(
        self, order: WorkingOrder, quantity: float, price: float, fee: int, bar: Bar
    ) -> None:
        assert self.strategy is not None  # noqa: S101 - bound before the first order
        zone = self.holding.zone
        fill = Fill(
            order_id=order.id,
            strategy=self.holding.strategy,
            symbol=self.symbol,
            side=Side.BUY if order.side > 0 else Side.SELL,
            quantity=decimal(quantity),
            price=decimal(price),
            commission=Decimal(fee).scaleb(-6),
            bar_timestamp=from_ns(bar.ts, zone),
            filled_at=from_ns(self.desk.clock.now_ns, zone),
        )
        self._bring_up_handles(Strategy.on_fill)
        try:
            self.strategy.on_fill(fill)
        except MisMarteraError:
            raise
        except RAISED as error:
            raise blame(error, self.label, self.desk.clock.now_ns, zone) from error

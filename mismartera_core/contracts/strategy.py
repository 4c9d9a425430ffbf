"""Strategies: three styles, one engine.

`Strategy` is called bar by bar for one symbol, `PortfolioStrategy` once a step for all symbols, and
`SignalStrategy` is a pure function of columns.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from mismartera_core.model.orders import TimeInForce

if TYPE_CHECKING:
    from mismartera_core.contracts.hosts import PortfolioHost, StrategyHost
    from mismartera_core.contracts.views import (
        BarsView,
        IndicatorHandle,
        IndicatorSource,
        OrderTicket,
        PositionView,
        Price,
        RowHandle,
        Step,
    )
    from mismartera_core.model.columns import BarColumns, FloatArray
    from mismartera_core.model.market import Bar, Quote, Tick
    from mismartera_core.model.orders import Fill
    from mismartera_core.model.signals import Signals


DAY = TimeInForce.DAY


class StrategyParams(BaseModel):
    """Parameters of a strategy: typed, checked, with unknown names refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class KeepsState:
    """What a strategy may keep for a process that begins anew after a crash."""

    def save_state(self) -> dict[str, Any]:
        """What this instance wants to know again when a live session begins anew after a crash.

        Asked after every step and whenever a venue has told something; kept where it has changed.

        Returns:
            What JSON can hold; nothing is kept where it is left as it is here.
        """
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take what `save_state` gave last, in a process before this one.

        Called in live sessions only, after `setup` and before `on_session_start`.

        Args:
            state: The same values; tuples have become lists.
        """


class Strategy(KeepsState):
    """One instance per symbol, called event by event. Override what you need.

    Attributes:
        params: The validated `Params`.
        symbol: The symbol of this instance.
        position: What this strategy holds of it.
    """

    class Params(StrategyParams):
        """No parameters."""

    params: Any
    symbol: str
    position: PositionView

    def __init__(self, params: Any, host: StrategyHost) -> None:
        self.params = params
        self._host = host
        self.symbol = host.symbol
        self.position = host.position

    def setup(self) -> None:
        """Declare indicators and reset what belongs to the day; once per session."""

    def on_session_start(self) -> None:
        """The session opens; the clock stands at the open."""

    def on_bar(self, bar: Bar) -> None:
        """A bar became known; the clock stands at its close."""

    def on_quote(self, quote: Quote) -> None:
        """A quote became known."""

    def on_tick(self, tick: Tick) -> None:
        """A trade became known."""

    def on_fill(self, fill: Fill) -> None:
        """An order of this instance was filled, wholly or in part."""

    def on_session_end(self) -> None:
        """The session closes; the clock stands at the close."""

    @property
    def now(self) -> datetime:
        """The clock, in the exchange's zone."""
        return self._host.now

    @property
    def cash(self) -> Decimal:
        """Cash of the account."""
        return self._host.cash

    @property
    def equity(self) -> Decimal:
        """Cash plus positions of the account at their last closes."""
        return self._host.equity

    @property
    def orders(self) -> Sequence[OrderTicket]:
        """Working orders of this instance."""
        return self._host.orders

    def indicator(
        self, name: str, *, interval: str | None = None, **params: Any
    ) -> IndicatorHandle:
        """Declare an indicator; call it in `setup`.

        Args:
            name: Registered name, such as "sma".
            interval: Bars to compute on; the strategy's own interval where left out.
            **params: Parameters of the indicator.

        Raises:
            PluginError: No indicator has this name.
            ConfigError: A parameter is wrong.
        """
        return self._host.indicator(name, interval, params)

    def historical(self, name: str) -> float:
        """Value for this session of a historical indicator named in the session config."""
        return self._host.historical(name)

    def bars(self, interval: str | None = None) -> BarsView:
        """Bars of this symbol known by now: trailing days and session.

        Args:
            interval: "5m", "1d" ...; the strategy's own interval where left out.
        """
        return self._host.bars(interval)

    def units_for(self, amount: Price, price: Price | None = None) -> float:
        """Units that an amount of money pays for: whole lots of the broker, rounded down.

        `self.buy(self.units_for(5_000))` spends about 5,000: a market order fills at another price.

        Args:
            amount: Account currency, zero or more.
            price: Of a unit, such as the limit of the order; the last close where left out.

        Returns:
            Units; 0 where the amount pays for no lot, or no price is known yet.

        Raises:
            ConfigError: The amount is below zero or no number.
        """
        return self._host.units_for(amount, price)

    def buy(
        self,
        quantity: Price,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
        stop_loss: Price | None = None,
        take_profit: Price | None = None,
        time_in_force: str = DAY,
        oco: OrderTicket | None = None,
        tag: str = "",
    ) -> OrderTicket:
        """Place a buy order: market, or limit, stop, stop-limit or trailing by the prices given.

        Args:
            quantity: Units.
            limit: Limit price; with `stop` a stop-limit order.
            stop: Trigger price.
            trail: Distance of a trailing stop, price units.
            stop_loss: Stop price of a protective leg, placed when this order has filled.
            take_profit: Limit price of the leg that takes the profit.
            time_in_force: "day" or "gtc".
            oco: Another order: when one of the two fills, the other is cancelled.
            tag: A note, kept with the order.
        """
        return self._host.submit(
            1, quantity, limit, stop, trail, stop_loss, take_profit, time_in_force, oco, tag
        )

    def sell(
        self,
        quantity: Price,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
        stop_loss: Price | None = None,
        take_profit: Price | None = None,
        time_in_force: str = DAY,
        oco: OrderTicket | None = None,
        tag: str = "",
    ) -> OrderTicket:
        """Place a sell order; without a position it sells short. Arguments as `buy`."""
        return self._host.submit(
            -1, quantity, limit, stop, trail, stop_loss, take_profit, time_in_force, oco, tag
        )

    def replace(
        self,
        ticket: OrderTicket,
        *,
        quantity: Price | None = None,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
    ) -> None:
        """Change a working order; what is left out stays as it is.

        It stays the same order, with its id, legs and OCO order. If it has filled meanwhile, or
        risk or the broker refuse, it works on as it was; `ticket.reason` and the signals say why.

        Args:
            ticket: What `buy` or `sell` returned, or one of `orders`.
            quantity: Units of the whole order, what has filled of it included.
            limit: Limit price, of an order that has one.
            stop: Trigger price, of an order that has one.
            trail: Distance of a trailing stop, which begins anew at the last close.
        """
        self._host.replace(ticket, quantity, limit, stop, trail)

    def close(self, tag: str = "") -> OrderTicket | None:
        """Cancel this instance's working orders and leave the position at market."""
        return self._host.close(tag)

    def cancel(self, ticket: OrderTicket | None = None) -> None:
        """Cancel one working order, or all of this instance's."""
        self._host.cancel(ticket)


class PortfolioStrategy(KeepsState):
    """One instance for all symbols, called once a step.

    Attributes:
        params: The validated `Params`.
        symbols: Tickers; all arrays follow this order.
    """

    class Params(StrategyParams):
        """No parameters."""

    params: Any
    symbols: tuple[str, ...]

    def __init__(self, params: Any, host: PortfolioHost) -> None:
        self.params = params
        self._host = host
        self.symbols = host.symbols

    def setup(self) -> None:
        """Declare indicators and reset what belongs to the day; once per session."""

    def on_session_start(self) -> None:
        """The session opens."""

    def on_step(self, step: Step) -> FloatArray | None:
        """An instant at which at least one bar became known.

        Returns:
            Target per symbol: fractions of equity, or units where `targets` is "shares"; NaN leaves
            a symbol as it is; None leaves all.
        """

    def on_session_end(self) -> None:
        """The session closes."""

    targets: ClassVar[str] = "weights"
    """What `on_step` returns: "weights" or "shares"."""

    @property
    def now(self) -> datetime:
        """The clock, in the exchange's zone."""
        return self._host.now

    @property
    def cash(self) -> Decimal:
        """Cash of the account."""
        return self._host.cash

    @property
    def equity(self) -> Decimal:
        """Cash plus positions of the account at their last closes."""
        return self._host.equity

    @property
    def quantities(self) -> FloatArray:
        """Units held of each symbol by this strategy; not to be written to."""
        return self._host.quantities

    def indicator(self, name: str, *, interval: str | None = None, **params: Any) -> RowHandle:
        """Declare an indicator over all symbols; call it in `setup`."""
        return self._host.indicator(name, interval, params)

    def historical(self, name: str) -> FloatArray:
        """Values for this session of a historical indicator named in the session config."""
        return self._host.historical(name)


class SignalStrategy(ABC):
    """A causal pure function of columns; backtests and sweeps run it compiled.

    Attributes:
        params: The validated `Params`.
    """

    class Params(StrategyParams):
        """No parameters."""

    params: Any

    def __init__(self, params: Any) -> None:
        self.params = params

    @abstractmethod
    def signals(self, bars: BarColumns, indicators: IndicatorSource) -> Signals:
        """Targets for every row; row i may depend on rows <= i only."""

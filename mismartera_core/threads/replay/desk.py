"""The desk: what all units of a run share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.clock import Clock
from mismartera_core.contracts.risk import UNKNOWN, AccountView
from mismartera_core.errors import ConfigError, did_you_mean
from mismartera_core.managers.execution_manager.api import ExecutionManager
from mismartera_core.model.columns import FloatArray
from mismartera_core.model.intervals import MINUTE, interval_ns, is_daily
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.results import MICROS
from mismartera_core.model.signals import Signals
from mismartera_core.services.indicator_library import IndicatorLibrary
from mismartera_core.store.frame import Frame, ManyOutputs, Need, Needs, Track
from mismartera_core.store.session_data import SessionData
from mismartera_core.threads.derivation import Derivation
from mismartera_core.threads.replay.blame import blamed_for
from mismartera_core.threads.replay.facts import FactFinder
from mismartera_core.threads.replay.silence import Silence
from mismartera_core.threads.replay.valued import Valued

if TYPE_CHECKING:
    from mismartera_core.threads.replay.targets import SignalUnit


class Desk:
    """Clock, data, orders and indicators, bound once.

    Args:
        clock: The run's clock.
        data: The session that is replayed.
        execution: Where orders go.
        library: Indicators by name.
        derivation: Computes what no frame has brought.

    Attributes:
        working: Working orders by symbol row, live.
        needs: Indicators asked for, in order.
        intervals: Bar intervals asked for, in order.
        valued: Which indicators had a value.
        guard: Takes name, label and instance of each strategy before it is bound; live only.
        worth: Net value of all positions in 1e-6 currency units, where no holdings keep them.
    """

    def __init__(
        self,
        clock: Clock,
        data: SessionData,
        execution: ExecutionManager,
        library: IndicatorLibrary,
        derivation: Derivation,
    ) -> None:
        self.clock = clock
        self.data = data
        self.execution = execution
        self.library = library
        self.working: dict[int, list[WorkingOrder]] = execution.broker.working_symbols()
        self.needs: dict[Need | Needs, None] = {}
        self.intervals: dict[str, None] = {}
        self.valued = Valued()
        self.worth: Callable[[], int] | None = None
        self.guard: Callable[[str, str, Any], None] | None = None
        self._silence = Silence()
        self._halts: tuple[tuple[str, str], ...] = ()
        self._facts = FactFinder(execution, data) if execution.wants_facts else None
        self._derivation = derivation
        self._frame: Frame | None = None
        self._day_start = execution.ledger.cash
        execution.look = self.account

    def take(self, frame: Frame) -> None:
        """Make a frame the one that is replayed."""
        self._frame = frame
        self.data.take(frame)
        self.execution.control.surroundings.feed_ns = self._silence.since(frame)
        if frame.feed is not None and frame.feed.halts != self._halts:
            self._halts = frame.feed.halts
            self.execution.control.surroundings.halts = dict(self._halts)
        for interval in self.intervals:
            self._bring(interval)
        if frame.opens:
            self.execution.begin_session(frame.open_ns)
            market = frame.market_open_ns, frame.market_close_ns
            if market != (frame.open_ns, frame.close_ns):
                self.execution.regular_hours(*market)
            if self.execution.checks_risk:  # nothing else asks for it
                self._day_start = self._equity_micros()

    def need(self, symbol: int, interval: str, name: str, params: dict[str, Any]) -> Need:
        """Ask for an indicator."""
        checked = self.library.check(name, params)
        need = Need(symbol, interval, name, checked)
        self.needs[need] = None
        self.want_interval(interval)
        return need

    def need_many(
        self, symbols: tuple[int, ...], interval: str, name: str, params: dict[str, Any]
    ) -> Needs:
        """Ask for an indicator over many symbols."""
        needs = Needs(symbols, interval, name, self.library.check(name, params))
        self.needs[needs] = None
        self.want_interval(interval)
        return needs

    def want_interval(self, interval: str) -> None:
        """Ask for bars of an interval; what this frame lacks is made at once."""
        if interval not in self.intervals:
            _check_made_of(interval, self.data.interval)
            self.intervals[interval] = None
        self._bring(interval)

    def _bring(self, interval: str) -> None:
        """Make the bars of an interval that no thread knew of when the run began."""
        if self._frame is not None and not self.data.has(interval):
            self.data.add(interval, self._derivation.tracks(self._frame, interval))

    def values_now(self, need: Need) -> Mapping[str, FloatArray]:
        """An indicator's arrays of the frame that is replayed.

        Raises:
            ConfigError: No session has begun.
        """
        if self._frame is None:
            raise ConfigError("indicator values are there from on_session_start on")
        return self.values(self._frame, need)

    def values(self, frame: Frame, need: Need) -> Mapping[str, FloatArray]:
        """An indicator's arrays of a frame."""
        found = frame.values.get(need)
        return self._derivation.outputs(frame, need) if found is None else found

    def many_values(self, frame: Frame, needs: Needs) -> ManyOutputs:
        """An indicator's arrays of a frame, by symbol."""
        return self._derivation.many_outputs(frame, needs)

    def look_at_values(self, frame: Frame) -> None:
        """A session ends with a frame: see which indicators had a value."""
        self.valued.look(frame.values, frame.many)

    def signals(self, frame: Frame, unit: SignalUnit) -> Signals:
        """A SignalStrategy's rows of a frame."""
        return self.signals_on(frame, unit, self.data.track(unit.holding.symbol, unit.interval))

    def signals_on(self, frame: Frame, unit: SignalUnit, track: Track) -> Signals:
        """A SignalStrategy's rows of a frame that is not taken yet.

        Raises:
            StrategyError: It raised.
        """
        key = (unit.holding.index, unit.holding.symbol)
        told = partial(self.valued.take, unit.holding.strategy, unit.interval)
        with blamed_for(unit.label, "in signals"):
            return self._derivation.signals(frame, key, track, unit.signals, told)

    def historical(self, name: str) -> FloatArray:
        """Values of a historical indicator for this session, one a symbol."""
        if self._frame is None:
            raise ConfigError("historical indicators are there from on_session_start on")
        try:
            return self.data.historical[name]
        except KeyError:
            raise ConfigError(
                f"the session config has no historical indicator {name!r}",
                hint="add it under session_data_config.historical.indicators; "
                + did_you_mean(name, self.data.historical),
            ) from None

    def cash(self) -> Decimal:
        """Cash of the account."""
        return Decimal(self.execution.ledger.cash).scaleb(-6)

    def equity(self) -> Decimal:
        """Cash plus positions at their last closes."""
        return Decimal(self._equity_micros()).scaleb(-6)

    def account(self, order: WorkingOrder | None, now_ns: int) -> AccountView:
        """The account as a risk check sees it when an order asks to leave, or after a step."""
        values = self._values()
        opening = self.working.keys() - values.keys()
        if order is not None:
            opening -= {order.symbol}
        cash = self.execution.ledger.cash
        frame = self._frame
        equity = (cash + sum(values.values())) / MICROS
        gross = sum(abs(v) for v in values.values()) / MICROS
        facts = UNKNOWN if self._facts is None else self._facts.facts(order, equity, gross, now_ns)
        return AccountView(
            equity=equity,
            cash=cash / MICROS,
            day_start_equity=self._day_start / MICROS,
            position=0.0 if order is None else self.execution.position_with(order),
            gross_exposure=gross,
            open_positions=len(values) + len(opening),
            orders_today=self.execution.orders_today,
            minutes_since_open=0.0 if frame is None else (now_ns - frame.market_open_ns) / MINUTE,
            minutes_to_close=0.0 if frame is None else (frame.market_close_ns - now_ns) / MINUTE,
            facts=facts,
        )

    def _equity_micros(self) -> int:
        worth = sum(self._values().values()) if self.worth is None else self.worth()
        return self.execution.ledger.cash + worth

    def _values(self) -> dict[int, int]:
        """Net position values in 1e-6 currency units by symbol; those without a price at cost."""
        values = {}
        for symbol, holdings in self.execution.holdings.items():
            quantity = 0.0
            for holding in holdings:
                quantity += holding.position.quantity
            if quantity == 0.0 or (quantity := on_grid(quantity)) == 0.0:
                continue
            price = self.data.last_close(symbol)
            if math.isnan(price):
                values[symbol] = sum(h.position.cost for h in holdings)
            else:
                values[symbol] = round(quantity * price * MICROS)
        return values


def _check_made_of(wanted: str, base: str) -> None:
    """Refuse bars that whole base bars do not make up: they would be known too early.

    Raises:
        ConfigError: They cannot be made.
    """
    whole = is_daily(wanted) or interval_ns(wanted) % interval_ns(base) == 0
    if not whole or (is_daily(base) and not is_daily(wanted)):
        raise ConfigError(
            f"{wanted!r} bars cannot be made of the run's {base!r} bars",
            hint=f"ask for a multiple of {base!r}, or run on finer bars",
        )

"""What a strategy was shown at an instant, found out by running it again on the same bars."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from mismartera_core.config.session_config import SessionConfig
from mismartera_core.config.settings import Settings
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.strategy import PortfolioStrategy, Strategy
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.registry import Registry
from mismartera_core.repositories.database import open_database
from mismartera_core.services.config_resolution import resolve
from mismartera_core.system.planning import make_plan, session_context
from mismartera_core.system.system_manager import SystemManager, simulated_clock
from mismartera_core.threads.plan import Plan, StrategyClass


@dataclass(slots=True)
class Shown:
    """What a strategy was shown with its newest bar at an instant.

    Attributes:
        style: "strategy", "portfolio" or "signals".
        called_ns: When it was called with that bar; None where it was not called by then.
        bar: Open, high, low, close and volume of the bar; empty for a portfolio.
        bar_ns: Open of the bar.
        indicators: Indicators it declared, by a name with their parameters.
        bars: Base bars of the symbol in that session up to the instant, by open.
    """

    style: str = "strategy"
    called_ns: int | None = None
    bar: Mapping[str, float] = field(default_factory=dict)
    bar_ns: int = 0
    indicators: dict[str, float] = field(default_factory=dict)
    bars: dict[int, tuple[float, ...]] = field(default_factory=dict)


def shown_at(
    config: SessionConfig,
    row: int,
    symbol: str,
    at_ns: int,
    settings: Settings,
    registry: Registry,
    provider: DataProvider | None,
) -> Shown:
    """Run one strategy over the session of an instant, and look.

    Its orders do not matter: what it is shown follows from the bars alone.

    Args:
        config: Of a backtest of that session.
        row: Which strategy of the config.
        symbol: Ticker.
        at_ns: The instant, nanoseconds UTC.
        settings: Where things lie.
        registry: The plugins there are.
        provider: Has the bars; that of the config where left out.

    Raises:
        MisMarteraError: It cannot be run.
    """
    shown = Shown()
    resolved = resolve(config, registry)
    with closing(open_database(settings.database_url)) as database:
        clock = TimeManager(database, config.exchange_group, config.asset_class)
        context = session_context(config, registry, clock, settings.data_dir)
        plan = make_plan(config, resolved, clock, context, given=provider)
        plan = _alone(plan, row, symbol, at_ns, shown)
        outcome = SystemManager(plan, registry, simulated_clock(clock)).run()
    if outcome.error is not None:
        raise outcome.error
    return shown


def _alone(plan: Plan, row: int, symbol: str, at_ns: int, shown: Shown) -> Plan:
    """The plan with that one strategy, and eyes in it."""
    chosen = plan.strategies[row]
    number = plan.symbols.index(symbol)
    cls: StrategyClass = chosen.cls
    if issubclass(cls, Strategy):
        chosen = replace(chosen, cls=_watched(cls, at_ns, shown), symbols=(number,))
    else:
        shown.style = "portfolio" if issubclass(cls, PortfolioStrategy) else "signals"
    load = plan.load

    def look(symbols: Any, interval: str, start_ns: int, end_ns: int) -> Any:
        found = load(symbols, interval, start_ns, end_ns)
        bars = found[symbol]
        known = bars.slice(0, int(bars.available_at.searchsorted(at_ns, side="right")))
        columns = (known.open, known.high, known.low, known.close, known.volume)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        shown.bars.update(zip(known.ts.tolist(), rows, strict=True))
        return found

    return replace(
        plan,
        load=look,
        strategies=(chosen,),
        risk=(),
        compiled=False,
        minimum_quality=None,
        measure_quality=False,
        fingerprint=False,
    )


def _watched(cls: type[Strategy], at_ns: int, shown: Shown) -> type[Strategy]:
    """The class, noting what it is shown with every bar up to the instant."""

    class Watched(cls):  # type: ignore[misc, valid-type]
        def on_bar(self, bar: Any) -> None:
            unit = self._host
            now_ns = unit.desk.clock.now_ns
            if now_ns <= at_ns:
                shown.called_ns, shown.bar_ns = now_ns, bar.ts
                names = ("open", "high", "low", "close", "volume")
                shown.bar = {name: getattr(bar, name) for name in names}
                shown.indicators = {_named(handle): handle.value for handle in unit.handles}
                super().on_bar(bar)

    Watched.__name__ = cls.__name__
    return Watched


def _named(handle: Any) -> str:
    need = handle.need
    given = ", ".join(f"{name}={value}" for name, value in need.params)
    return f"{need.name}({given}) on {need.interval}: {handle.output}"

"""A session config becomes a plan: names become objects, dates become sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mismartera_core.config.session_config import BacktestConfig, SessionConfig
from mismartera_core.contracts.broker import Costs
from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.costs import CostRole
from mismartera_core.contracts.provider import DataProvider, ProviderCapabilities
from mismartera_core.errors import ConfigError, DataError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.market import from_ns
from mismartera_core.model.quality import Origin
from mismartera_core.model.sessions import SessionTable
from mismartera_core.registry import Registry, resolve_attribute
from mismartera_core.services.config_resolution import Resolved
from mismartera_core.services.origins import Origins
from mismartera_core.services.stream_plan import GENERATED, Source, decide
from mismartera_core.store.block import session_hours
from mismartera_core.system.base_bars import base_loader, check_streams, check_symbols
from mismartera_core.system.costs import priced
from mismartera_core.system.live_account import LiveAccount
from mismartera_core.system.live_planning import check_live_sources, live_plan, session_day
from mismartera_core.system.plugin_calls import build
from mismartera_core.system.providers import with_providers
from mismartera_core.system.recorded import SessionTape
from mismartera_core.system.risk_block import flat_minutes, risk_checks, volume_of_risk
from mismartera_core.system.secrets import Secrets
from mismartera_core.threads.plan import Plan, StrategyPlan, TrailingAverage

_FEW_NOTES = 5
_TICK_BARS = "1m"
"""Base bars of a session that streams ticks or quotes only."""


@dataclass(frozen=True, slots=True)
class _Days:
    """The sessions of a run.

    Attributes:
        table: History first.
        first: Number of the first session that is replayed.
        trailing: Trading days of history each session has; None for all.
        notes: What of the days asked for is left out.
    """

    table: SessionTable
    first: int
    trailing: int | None
    notes: tuple[str, ...]


def make_plan(
    config: SessionConfig,
    resolved: Resolved,
    clock: TimeManager,
    context: PluginContext,
    tape: SessionTape | None = None,
    account: LiveAccount | None = None,
    given: DataProvider | None = None,
) -> Plan:
    """Resolve a session config into a plan.

    Args:
        config: The session config.
        resolved: Its plugins, found and validated.
        clock: Calendar and clock of its market; put before the first session.
        context: What its plugins are told.
        tape: What the inputs of a live session pass through; None in a backtest.
        account: The venue's account that is traded; None where the broker fills orders itself.
        given: Stands for the config's data provider; None builds it.

    Raises:
        ConfigError: The config asks for what cannot be had.
        DataError: The provider lacks what the config asks for.
    """
    data = config.session_data_config
    provider = given or _provider(resolved, context, tape)
    capabilities = resolved.data_provider.record.capabilities
    check_symbols(provider, data.symbols, config.data_provider.name)
    check_streams(data.streams, capabilities, config.data_provider.name)
    base = data.base_interval or _TICK_BARS
    sources = {s: decide(base, capabilities, provider.intervals(s)) for s in data.symbols}
    risk = risk_checks(config, resolved, context)
    historical = {**_historical(config), **volume_of_risk(risk, len(data.symbols))}
    live = live_plan(config, resolved, provider, clock, context, base)
    if live is None:
        days = _days(config, provider, sources, clock, historical)
    else:
        live = live if tape is None else tape.live(live)
        check_live_sources(sources, config.data_provider.name)
        days = _today(config, clock, historical)
    origins = _origins(config, provider, capabilities, sources, days)
    extended = data.hours == "extended"
    hours = session_hours(days.table, base, extended=extended)
    return Plan(
        session_name=config.session_name,
        symbols=data.symbols,
        table=days.table,
        first=days.first,
        interval=base,
        extended=extended,
        trailing=days.trailing,
        load=base_loader(provider, sources, hours),
        load_ticks=provider.get_ticks if "ticks" in data.streams else None,
        load_quotes=provider.get_quotes if "quotes" in data.streams else None,
        live=live,
        compiled=None if live is None else False,
        intervals=_intervals(config, base),
        historical=historical,
        strategies=_strategies(config, resolved, base, flat_minutes(risk)),
        broker=build("broker", resolved.broker, context) if account is None else account.desk,
        control=None if account is None else account.control,
        costs=_costs(resolved),
        risk=risk,
        speed=config.backtest_config.speed_multiplier if config.backtest_config else 0.0,
        prefetch=config.backtest_config.prefetch_days if config.backtest_config else 1,
        block_sessions=config.backtest_config.prefetch_days if config.backtest_config else 1,
        provider=config.data_provider.name,
        complete=capabilities.complete,
        simulated=capabilities.simulated,
        origins=origins,
        minimum_quality=data.min_quality,
        measure_quality=data.historical.enable_quality,
        fingerprint=True,
        notes=(*_notes(config.mode, resolved, sources), *days.notes, *_mixed(origins)),
    )


def session_context(
    config: SessionConfig, registry: Registry, clock: TimeManager, data_dir: Path
) -> PluginContext:
    """What the plugins of a session are told.

    Args:
        config: The session config.
        registry: The plugins there are.
        clock: Calendar and clock of its market.
        data_dir: Where imported data lie.
    """
    plain = PluginContext(
        data_dir=data_dir,
        exchange_group=config.exchange_group,
        asset_class=config.asset_class,
        timezone=str(clock.zone),
        sessions=clock.session_table,
        secret=Secrets(registry),
        now_ns=clock.wall_ns,
    )
    return with_providers(plain, registry)


def _provider(resolved: Resolved, context: PluginContext, tape: SessionTape | None) -> DataProvider:
    def make() -> DataProvider:
        made: DataProvider = build("data provider", resolved.data_provider, context)
        return made

    return make() if tape is None else tape.provider(make)


def _costs(resolved: Resolved) -> Costs:
    found = {role.value: priced(c.record, c.config) for role, c in resolved.costs.items()}
    return Costs(
        commission=found.get(CostRole.COMMISSION.value),
        slippage=found.get(CostRole.SLIPPAGE.value),
        participation=found.get(CostRole.PARTICIPATION.value),
    )


def _intervals(config: SessionConfig, base: str) -> tuple[str, ...]:
    """Bar intervals the config asks for beside the base."""
    data = config.session_data_config
    wanted = [s.removeprefix("bars_") for s in data.streams if s.startswith("bars_")]
    wanted += [i for part in data.historical.data for i in part.intervals]
    for interval in wanted:
        if interval_ns(interval) < interval_ns(base) or interval_ns(interval) % interval_ns(base):
            raise ConfigError(f"{interval!r} bars cannot be made of the streamed {base!r} bars")
    return tuple(dict.fromkeys(i for i in wanted if i != base))


def _historical(config: SessionConfig) -> dict[str, TrailingAverage]:
    data = config.session_data_config
    return {
        name: TrailingAverage(
            field=wanted.field,
            days=int(wanted.period.removesuffix("d")),
            symbols=tuple(
                row
                for row, symbol in enumerate(data.symbols)
                if wanted.apply_to == "all" or symbol in wanted.apply_to
            ),
        )
        for name, wanted in data.historical.indicators.items()
    }


def _strategies(
    config: SessionConfig, resolved: Resolved, base: str, flat: int | None
) -> tuple[StrategyPlan, ...]:
    symbols = config.session_data_config.symbols
    return tuple(
        StrategyPlan(
            label=wanted.label,
            cls=resolve_attribute(choice.record.factory),
            params=choice.config,
            symbols=tuple(symbols.index(s) for s in wanted.symbols or symbols),
            interval=wanted.interval or base,
            flat_minutes=_earliest(wanted.flat_by_close, flat),
        )
        for wanted, choice in zip(config.strategies, resolved.strategies, strict=True)
    )


def _earliest(*minutes: int | None) -> int | None:
    """The most minutes before the close of those that are given."""
    return max((m for m in minutes if m is not None), default=None)


def _days(
    config: SessionConfig,
    provider: DataProvider,
    sources: Mapping[str, Source],
    clock: TimeManager,
    historical: Mapping[str, TrailingAverage],
) -> _Days:
    backtest = config.backtest_config
    assert backtest is not None  # noqa: S101 - the config has seen to it: mode is 'backtest'
    spans = _spans(provider, sources, clock)
    start, end = _wanted(backtest, spans, clock)
    notes: tuple[str, ...] = ()
    if spans is not None:
        start, end, notes = _within(spans, start, end, config.data_provider.name)
    table = clock.init_backtest(None, start, end)
    if len(table) < (backtest.backtest_days or 0):
        notes = (f"{len(table)} sessions: the data hold no more", *notes)
    first = table.dates[0]
    oldest = _oldest(config, first, spans, clock, historical)
    whole = clock.session_table(oldest, table.dates[-1])
    return _Days(whole, whole.index_of(first), _trailing(config), notes)


def _today(
    config: SessionConfig, clock: TimeManager, historical: Mapping[str, TrailingAverage]
) -> _Days:
    """The session that goes on by the wall clock, or the next one, with its history."""
    day = session_day(config, clock)
    oldest = _oldest(config, day, None, clock, historical)
    table = clock.session_table(oldest, day)
    clock.set_backtest_time(from_ns(int(table.pre_open_ns[-1]), clock.zone))
    return _Days(table, table.index_of(day), _trailing(config), ())


def _oldest(
    config: SessionConfig,
    first: date,
    spans: tuple[date, date] | None,
    clock: TimeManager,
    historical: Mapping[str, TrailingAverage],
) -> date:
    """The first day of the history that a run from `first` on needs."""
    trailing = _trailing(config)
    if trailing is None:
        return first if spans is None else min(spans[0], first)
    days = max([trailing, *(wanted.days for wanted in historical.values())])
    return clock.get_previous_trading_date(None, first, days) if days else first


def _wanted(
    backtest: BacktestConfig, spans: tuple[date, date] | None, clock: TimeManager
) -> tuple[date, date]:
    """First and last day the config asks for."""
    if backtest.start_date is not None and backtest.end_date is not None:
        return backtest.start_date, backtest.end_date
    days = backtest.backtest_days
    if spans is None or days is None:
        dates = clock.init_backtest(None, None, None, days).dates
    else:
        dates = clock.session_table(*spans).dates[-days:]
    return dates[0], dates[-1]


def _within(
    spans: tuple[date, date], start: date, end: date, provider: str
) -> tuple[date, date, tuple[str, ...]]:
    """The days that data cover, and a note where some were asked for that they do not.

    Raises:
        DataError: They cover none.
    """
    oldest, newest = spans
    if end < oldest or start > newest:
        raise DataError(
            f"data of {provider!r} cover {oldest} to {newest}, and backtest_config asks for "
            f"{start} to {end}",
            hint=f"choose start_date and end_date from {oldest} to {newest}",
        )
    notes = []
    if start < oldest:
        notes.append(f"data of {provider!r} begin {oldest}: sessions before it are left out")
    if end > newest:
        notes.append(f"data of {provider!r} end {newest}: sessions after it are left out")
    return max(start, oldest), min(end, newest), tuple(notes)


def _trailing(config: SessionConfig) -> int | None:
    """Trading days of history that strategies are shown; None for all there is."""
    historical = config.session_data_config.historical
    days = [part.trailing_days for part in historical.data]
    return None if "all" in days else max((d for d in days if isinstance(d, int)), default=0)


def _spans(
    provider: DataProvider, sources: Mapping[str, Source], clock: TimeManager
) -> tuple[date, date] | None:
    """First and last day that data of any symbol cover; None where the provider cannot tell."""
    found = [provider.coverage(symbol, source.of) for symbol, source in sources.items()]
    spans = [span for span in found if span is not None]
    if not spans:
        return None
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    return from_ns(first, clock.zone).date(), from_ns(last, clock.zone).date()


def _notes(mode: str, resolved: Resolved, sources: Mapping[str, Source]) -> tuple[str, ...]:
    notes = []
    if resolved.risk is None:
        notes.append("no risk block: nothing limits the orders")
    if not resolved.costs:
        notes.append("no costs: commission, slippage and participation are not modelled")
    if resolved.gap_filler is not None and mode == "backtest":
        name = resolved.gap_filler.record.name
        notes.append(f"gap filler {name!r} is not asked: a backtest measures gaps, it fills none")
    for source in dict.fromkeys(sources.values()):
        if source.how == GENERATED:
            made = [s for s in sources if sources[s] == source]
            whose = "" if len(made) == len(sources) else f" of {', '.join(made)}"
            notes.append(f"{source.interval} bars{whose} are generated from {source.of}")
    if resolved.data_provider.record.capabilities.simulated:
        notes.append("simulated intraday: the bars within a day are generated, not observed")
    return tuple(notes)


def _origins(
    config: SessionConfig,
    provider: DataProvider,
    capabilities: ProviderCapabilities,
    sources: Mapping[str, Source],
    days: _Days,
) -> Origins:
    """Where the bars of the run come from, history included."""
    span = int(days.table.pre_open_ns[0]), int(days.table.post_close_ns[-1])
    name = config.data_provider.name
    otherwise = Origin(
        start_ns=span[0], end_ns=span[1], source=name, simulated=capabilities.simulated
    )
    made = {symbol: source.of for symbol, source in sources.items() if source.of != "ticks"}
    return Origins(
        otherwise,
        {symbol: provider.provenance(symbol, of, *span) for symbol, of in made.items()},
    )


def _mixed(origins: Origins) -> list[str]:
    """Notes of series that mix feeds or adjustments; of many, some."""
    found = origins.mixed()
    more = len(found) - _FEW_NOTES
    return found if more <= 0 else [*found[:_FEW_NOTES], f"and {more} more such series"]

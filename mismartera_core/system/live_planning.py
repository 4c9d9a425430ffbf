"""What a live session has instead of the past: a stream, today's session, and gap filling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from queue import Queue
from typing import Any

from mismartera_core.config.session_config import SessionConfig
from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import StreamRequest
from mismartera_core.errors import ConfigError, UsageError
from mismartera_core.managers.data_manager.api import DataManager
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.model.market import from_ns
from mismartera_core.repositories.bar_store import BarStore
from mismartera_core.services.config_resolution import Resolved
from mismartera_core.services.stream_plan import GENERATED, Source
from mismartera_core.system.plugin_calls import build
from mismartera_core.threads.plan import GapFilling, LivePlan

_SOON = timedelta(hours=24)
"""How long before its first instant a session may be waited for."""


def session_day(config: SessionConfig, clock: TimeManager) -> date:
    """The trading day whose session goes on, or is the next to begin.

    Args:
        config: Says which hours belong to a session.
        clock: Calendar and wall clock of the market.

    Raises:
        UsageError: It begins in more than a day.
    """
    extended = config.session_data_config.hours == "extended"
    now_ns = clock.wall_ns()
    now = from_ns(now_ns, clock.zone)
    day = clock.get_first_trading_date(None, now.date())
    table = clock.session_table(day, day)
    close = int((table.post_close_ns if extended else table.close_ns)[0])
    if now_ns >= close:
        day = clock.get_next_trading_date(None, day)
        table = clock.session_table(day, day)
    opens = from_ns(int((table.pre_open_ns if extended else table.open_ns)[0]), clock.zone)
    if opens - now > _SOON:
        raise UsageError(
            f"the next session of {config.exchange_group} opens {opens:%Y-%m-%d %H:%M %Z}, in "
            f"{(opens - now).days} days",
            hint="start the run within a day of the open; `mismartera time session` says when",
        )
    return day


def live_plan(
    config: SessionConfig,
    resolved: Resolved,
    provider: DataProvider,
    clock: TimeManager,
    context: PluginContext,
    base: str,
) -> LivePlan | None:
    """Stream, patience and gap filling of a live session; None for a backtest.

    Args:
        config: The session config.
        resolved: Its plugins.
        provider: Streams.
        clock: The wall clock of the market.
        context: What a gap filler is told.
        base: Base interval.

    Raises:
        ConfigError: The provider does not stream.
    """
    if config.mode != "live":
        return None
    data = config.session_data_config
    if not resolved.data_provider.record.capabilities.stream:
        raise ConfigError(
            f"data_provider.name: {config.data_provider.name!r} does not stream, and mode is "
            "'live'",
            hint="choose a provider that streams (`mismartera plugins show NAME` says so), or run "
            "it with mode 'backtest'",
        )
    wanted = StreamRequest(
        symbols=data.symbols,
        interval=base,
        ticks="ticks" in data.streams,
        quotes="quotes" in data.streams,
        statuses=resolved.data_provider.record.capabilities.statuses,
    )
    manager = DataManager(BarStore(context.data_dir), provider, clock)

    def listen(queue: Queue[Any]) -> int:
        began_ns = clock.wall_ns()
        manager.start_stream(wanted, queue)
        return began_ns

    return LivePlan(
        listen=listen,
        hush=manager.stop_all_streams,
        now_ns=clock.wall_ns,
        settle_ns=round(config.live_config.settle_seconds * 1e9),
        ticks=wanted.ticks,
        quotes=wanted.quotes,
        gaps=_gap_filling(config, resolved, context),
    )


def check_live_sources(sources: Mapping[str, Source], provider: str) -> None:
    """Refuse base bars that the stream does not bring as they are.

    Raises:
        ConfigError: They would have to be made of finer ones.
    """
    for symbol, source in sources.items():
        if source.how == GENERATED:
            raise ConfigError(
                f"session_data_config.streams: {provider!r} streams no {source.interval!r} bars of "
                f"{symbol}, only {source.of!r}",
                hint=f"stream 'bars_{source.of}' and give the strategies interval "
                f"{source.interval!r}: such bars are generated",
            )


def _gap_filling(
    config: SessionConfig, resolved: Resolved, context: PluginContext
) -> GapFilling | None:
    wanted = config.session_data_config.gap_filler
    if wanted is None or wanted.name is None or resolved.gap_filler is None:
        return None
    return GapFilling(
        name=wanted.name,
        filler=build("gap filler", resolved.gap_filler, context),
        max_retries=wanted.max_retries,
        retry_seconds=wanted.retry_interval_seconds,
    )

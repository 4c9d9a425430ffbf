"""Surroundings of a plugin without a database, a network or a venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import ConfigError
from mismartera_core.managers.time_manager.live_clock import LiveClock
from mismartera_core.model.sessions import SessionTable
from mismartera_core.registry import Registry
from mismartera_core.repositories.calendar_seed import FIRST_DAY, DayRow, seed_days
from mismartera_core.repositories.markets import find_market
from mismartera_core.system.providers import with_providers


def plugin_context(
    data_dir: Path,
    exchange_group: str = "US_EQUITY",
    asset_class: str = "EQUITY",
    providers: Mapping[str, DataProvider] | None = None,
    secrets: Mapping[str, str] | None = None,
    now_ns: Callable[[], int] | None = None,
) -> PluginContext:
    """What a host tells a factory, with the real calendar of a market and no database.

    Args:
        data_dir: Where imported market data would live.
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        providers: Data providers that `context.provider` hands out by name, whatever their
            config; other names are those of the plugins installed.
        secrets: What `context.secret` hands out by name; it knows no others.
        now_ns: The clock; the wall clock where left out.

    Raises:
        ConfigError: There is no such market.
    """

    def sessions(first: date, last: date) -> SessionTable:
        return session_table(first, last, exchange_group, asset_class)

    def provider(name: str, config: Mapping[str, Any]) -> DataProvider:
        if providers and name in providers:
            return providers[name]
        return with_providers(context, Registry.discover()).provider(name, config)

    def secret(name: str) -> str:
        if secrets is None or name not in secrets:
            raise ConfigError(f"there is no secret {name!r}: it is not among those of the test")
        return secrets[name]

    context = PluginContext(
        data_dir=data_dir,
        exchange_group=exchange_group,
        asset_class=asset_class,
        timezone=find_market(exchange_group, asset_class).timezone,
        sessions=sessions,
        provider=provider,
        secret=secret,
        now_ns=now_ns or (lambda: LiveClock().now_ns),
    )
    return context


def session_table(
    first: date, last: date, exchange_group: str = "US_EQUITY", asset_class: str = "EQUITY"
) -> SessionTable:
    """The trading days of a market as the calendar library knows them.

    Args:
        first: First day.
        last: Last day, included.
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
    """
    table = _whole(exchange_group, asset_class)
    ordinals = [day.toordinal() for day in table.dates]
    low = int(np.searchsorted(ordinals, first.toordinal()))
    high = int(np.searchsorted(ordinals, last.toordinal(), side="right"))
    return table.slice(low, max(low, high))


@cache
def _whole(exchange_group: str, asset_class: str) -> SessionTable:
    market = find_market(exchange_group, asset_class)
    days = sorted(seed_days(market, FIRST_DAY).days, key=lambda row: row["day"])
    rows = [row for row in days if row["open_ns"] is not None]

    def column(name: str, instead: str | None = None) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([_value(row, name, instead) for row in rows], dtype=np.int64)

    return SessionTable(
        dates=tuple(row["day"] for row in rows),
        open_ns=column("open_ns"),
        close_ns=column("close_ns"),
        pre_open_ns=column("pre_open_ns", "open_ns"),
        post_close_ns=column("post_close_ns", "close_ns"),
        break_start_ns=column("break_start_ns"),
        break_end_ns=column("break_end_ns"),
        early_close=tuple(bool(row["early_close"]) for row in rows),
        timezone=market.timezone,
    )


def _value(row: DayRow, name: str, instead: str | None) -> int:
    found = row[name]
    if found is None:
        found = 0 if instead is None else row[instead]
    return int(found)

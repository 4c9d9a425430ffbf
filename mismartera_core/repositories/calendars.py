"""Calendars of markets in the database: seeded once, overridable by the user, read as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mismartera_core.errors import DataError
from mismartera_core.model.sessions import SessionTable
from mismartera_core.repositories.calendar_seed import EARLIEST_DAY, installed_source, seed_days
from mismartera_core.repositories.markets import Market
from mismartera_core.repositories.tables import MarketRow, SessionOverrideRow, SessionRow

COLUMNS = (
    "day",
    "open_ns",
    "close_ns",
    "pre_open_ns",
    "post_close_ns",
    "break_start_ns",
    "break_end_ns",
    "early_close",
    "name",
)


@dataclass(frozen=True, slots=True, eq=False)
class MarketCalendar:
    """The whole calendar of a market.

    Attributes:
        market: The market.
        first: First day it covers.
        last: Last day it covers.
        sessions: Every trading day.
        holidays: Days that are closed though they are no plain weekend, and their names.
        reasons: Names of early closes and of the user's own sessions.
    """

    market: Market
    first: date
    last: date
    sessions: SessionTable
    holidays: dict[date, str | None]
    reasons: dict[date, str]


def load_calendar(session: Session, market: Market, needed: Sequence[date] = ()) -> MarketCalendar:
    """Read a market's calendar, seeding it where it is new, out of date or too short.

    Args:
        session: A session of the database; a seeding is written into its transaction.
        market: The market.
        needed: Days the calendar must cover.

    Returns:
        The calendar, the user's overrides before the library's days.

    Raises:
        DataError: A needed day lies outside what the library knows.
    """
    if too_early := [day for day in needed if day < EARLIEST_DAY]:
        raise DataError(
            f"{market.exchange_group} {market.asset_class}: {too_early[0]} lies outside the "
            f"calendar, which knows nothing before {EARLIEST_DAY}",
            hint="write the year with four digits",
        )
    row = market_row(session, market)
    if row is None or not _is_current(row, market, needed):
        row = _seed(session, market, needed)
    for day in needed:
        _require(row, day)
    return _read(session, market, row)


def market_row(session: Session, market: Market) -> MarketRow | None:
    """The row of a market; None before its first seeding.

    Args:
        session: A session of the database.
        market: The market.
    """
    return session.scalar(
        sa.select(MarketRow).filter_by(
            exchange_group=market.exchange_group, asset_class=market.asset_class
        )
    )


def _is_current(row: MarketRow, market: Market, needed: Sequence[date]) -> bool:
    return (
        row.source == installed_source()
        and row.rules == market.rules
        and row.seeded_from is not None
        and row.seeded_to is not None
        and all(row.seeded_from <= day <= row.seeded_to for day in needed)
    )


def _seed(session: Session, market: Market, needed: Sequence[date]) -> MarketRow:
    """Replace the library's days; a second process waits at the first statement."""
    insert = _insert(session.get_bind().dialect.name)
    key = {"exchange_group": market.exchange_group, "asset_class": market.asset_class}
    session.execute(insert(MarketRow).values(**key, rules="", source="").on_conflict_do_nothing())
    row = session.scalars(
        sa.select(MarketRow)
        .filter_by(**key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if _is_current(row, market, needed):
        return row
    reach = [*needed, *([row.seeded_from] if row.seeded_from else [])]
    seed = seed_days(market, min(reach, default=date.max))
    session.execute(sa.delete(SessionRow).filter_by(market_id=row.id))
    source = installed_source()
    session.execute(
        sa.insert(SessionRow),
        [{"market_id": row.id, "source": source, **values} for values in seed.days],
    )
    row.rules, row.source = market.rules, source
    row.seeded_from, row.seeded_to = seed.first, seed.last
    session.flush()
    return row


def _insert(dialect: str) -> Any:
    """The `insert` that knows conflicts; the dialect of PostgreSQL costs every command 30 ms."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert


def _require(row: MarketRow, day: date) -> None:
    first, last = cast("date", row.seeded_from), cast("date", row.seeded_to)
    if not first <= day <= last:
        raise DataError(
            f"{row.exchange_group} {row.asset_class}: {day} lies outside the calendar, which "
            f"{row.source} knows from {first} to {last}",
            hint="choose a day within it; the calendar reaches on with each new year",
        )


def _read(session: Session, market: Market, row: MarketRow) -> MarketCalendar:
    days: dict[date, tuple[Any, ...]] = {}
    for table in (SessionRow, SessionOverrideRow):
        columns = [getattr(table, name) for name in COLUMNS]
        found = session.execute(sa.select(*columns).filter_by(market_id=row.id))
        days |= {values[0]: tuple(values) for values in found}
    rows = sorted(days.values())
    trading = [values for values in rows if values[1] is not None]
    return MarketCalendar(
        market=market,
        first=cast("date", row.seeded_from),
        last=cast("date", row.seeded_to),
        sessions=_table(trading, market.timezone),
        holidays={values[0]: values[-1] for values in rows if values[1] is None},
        reasons={values[0]: values[-1] for values in trading if values[-1]},
    )


def _table(rows: list[tuple[Any, ...]], timezone: str) -> SessionTable:
    dates, opens, closes, pre, post, pause, resume, early, _names = (
        zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    )

    def column(values: Sequence[int | None], instead: Sequence[int]) -> Any:
        filled = [b if a is None else a for a, b in zip(values, instead, strict=True)]
        return np.array(filled, dtype=np.int64)

    zeros = [0] * len(dates)
    return SessionTable(
        dates=dates,
        open_ns=column(opens, zeros),
        close_ns=column(closes, zeros),
        pre_open_ns=column(pre, opens),
        post_close_ns=column(post, closes),
        break_start_ns=column(pause, zeros),
        break_end_ns=column(resume, zeros),
        early_close=early,
        timezone=timezone,
    )

"""`mismartera time`: what time it is, when a market trades, and the user's own word on a day."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.output import emit, load_settings, table

if TYPE_CHECKING:
    from mismartera_core.managers.time_manager import TimeManager
    from mismartera_core.model.sessions import TradingSession
    from mismartera_core.repositories.database import Database

app = typer.Typer(no_args_is_help=True, help="Clock, trading sessions and holidays.")

Group = Annotated[str, typer.Option("--exchange-group", help="For example US_EQUITY, CRYPTO.")]
Asset = Annotated[
    str | None, typer.Option("--asset-class", help="By default the group's first, e.g. EQUITY.")
]
Day = Annotated[
    datetime | None,
    typer.Argument(metavar="DATE", formats=["%Y-%m-%d"], help="YYYY-MM-DD; by default today."),
]


@app.command()
def now(group: Group = "US_EQUITY", asset: Asset = None) -> None:
    """The exchange's time, and whether its market is open."""
    with _manager(group, asset) as (manager, _database):
        at = manager.get_current_time()
        found = {
            "time": at.replace(microsecond=0),
            "timezone": str(manager.zone),
            "market_session": manager.get_market_session(None, at).value,
            "is_market_open": manager.is_market_open(None, at),
            "next_open": _next_open(manager, at),
        }
    _show("now", group, found)


@app.command()
def session(day: Day = None, group: Group = "US_EQUITY", asset: Asset = None) -> None:
    """The hours of a day."""
    with _manager(group, asset) as (manager, _database):
        found = manager.get_trading_session(None, _day(manager, day))
    _show("session", f"{group} {found.date:%A %d %B %Y}", dataclasses.asdict(found))


@app.command("next")
def next_session(day: Day = None, group: Group = "US_EQUITY", asset: Asset = None) -> None:
    """The first trading day after a day, and its hours."""
    with _manager(group, asset) as (manager, _database):
        following = manager.get_next_trading_date(None, _day(manager, day))
        found = manager.get_trading_session(None, following)
    _show("session", f"{group} {found.date:%A %d %B %Y}", dataclasses.asdict(found))


@app.command()
def holidays(
    year: Annotated[int | None, typer.Argument(min=1900, max=2200, help="By default this.")] = None,
    group: Group = "US_EQUITY",
    asset: Asset = None,
) -> None:
    """The holidays and early closes of a year."""
    with _manager(group, asset) as (manager, _database):
        chosen = year or manager.get_current_time().year
        found = [_special(day) for day in _year(manager, chosen)]
    facts = {"exchange_group": group, "year": chosen, "days": found}
    rows = table(
        f"{group} {chosen}", ("date", "weekday", "what", "name"), (d.values() for d in found)
    )
    emit("holidays", facts, rows if found else f"{group} {chosen}: no holiday, no early close")


@app.command()
def override(
    day: Annotated[datetime, typer.Argument(metavar="DATE", formats=["%Y-%m-%d"])],
    holiday: Annotated[str | None, typer.Option(help="Close the market; a name for why.")] = None,
    early_close: Annotated[
        datetime | None, typer.Option(metavar="HH:MM", formats=["%H:%M"], help="Local time.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the override back.")] = False,
    group: Group = "US_EQUITY",
    asset: Asset = None,
) -> None:
    """Set a day by your own word: a holiday or an early close."""
    from mismartera_core.errors import UsageError
    from mismartera_core.repositories.calendar_overrides import override_session, remove_override

    if [holiday is not None, early_close is not None, remove].count(True) != 1:
        raise UsageError("expected one of --holiday NAME, --early-close HH:MM and --remove")
    with _manager(group, asset) as (manager, database):
        key = (manager.market.exchange_group, manager.market.asset_class, day.date())
        with database.session() as db:
            if remove and not remove_override(db, *key):
                raise UsageError(f"there is no override of {day:%Y-%m-%d} for {group} to remove")
            if not remove:
                closes = early_close.time() if early_close else None
                override_session(db, *key, holiday=holiday, early_close=closes)
        found = manager.get_trading_session(None, day.date())
    _show("session", f"{group} {found.date:%A %d %B %Y}", dataclasses.asdict(found))


@contextmanager
def _manager(group: str, asset: str | None) -> Iterator[tuple[TimeManager, Database]]:
    from mismartera_core.managers.time_manager import TimeManager
    from mismartera_core.repositories.database import open_database
    from mismartera_core.repositories.markets import MARKETS

    of_group = (m.asset_class for m in MARKETS if m.exchange_group == group)
    database = open_database(load_settings().database_url)
    try:
        yield TimeManager(database, group, asset or next(of_group, "EQUITY")), database
    finally:
        database.close()


def _day(manager: TimeManager, day: datetime | None) -> date:
    return (day or manager.get_current_time()).date()


def _next_open(manager: TimeManager, at: datetime) -> datetime:
    """The first regular open after an instant."""
    last = manager.get_next_trading_date(None, at.date(), 2)
    days = manager.session_table(at.date(), last).dates
    opens = (manager.get_trading_session(None, day).regular_open for day in days)
    return next(opening for opening in opens if opening is not None and opening > at)


def _year(manager: TimeManager, year: int) -> Iterator[TradingSession]:
    day = date(year, 1, 1)
    while day.year == year:
        found = manager.get_trading_session(None, day)
        if found.is_holiday or found.is_early_close:
            yield found
        day += timedelta(days=1)


def _special(found: TradingSession) -> dict[str, str]:
    closes = f"closes {found.regular_close:%H:%M}" if found.regular_close else "closed"
    return {
        "date": found.date.isoformat(),
        "weekday": f"{found.date:%A}",
        "what": closes,
        "name": found.holiday_name or "",
    }


def _show(kind: str, title: str, found: dict[str, Any]) -> None:
    facts = {
        key: value.isoformat() if isinstance(value, date) else value for key, value in found.items()
    }
    rows = (
        (key.replace("_", " "), _word(value)) for key, value in found.items() if value is not None
    )
    emit(kind, facts, table(title, ("what", "value"), rows))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%a %Y-%m-%d %H:%M:%S %Z}"
    return str(value)

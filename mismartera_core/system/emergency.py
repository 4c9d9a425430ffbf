"""What is done at a venue when a session cannot, or must not, do it itself: REST alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import date
from threading import Event

from mismartera_core.config.settings import Settings
from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.errors import (
    BrokerError,
    ConfigError,
    MisMarteraError,
    OrderExists,
    OrderRejected,
    UsageError,
)
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.managers.time_manager.live_clock import LiveClock
from mismartera_core.model.sessions import SessionTable
from mismartera_core.model.venue import VenueOrder
from mismartera_core.registry import Registry, config_model, policy_of
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.live_files import LiveFiles, LiveSession
from mismartera_core.repositories.markets import find_market
from mismartera_core.services.config_resolution import Choice
from mismartera_core.services.venue_entries import entries, is_ours, leaving
from mismartera_core.system.plugin_calls import build
from mismartera_core.system.secrets import Secrets

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
GONE_WITHIN = 10.0
"""Seconds within which cancelled orders are to be gone before positions are left."""


def wall_ns() -> int:
    """The wall clock, nanoseconds UTC."""
    return LiveClock().now_ns


def adapter_of(files: LiveFiles, settings: Settings) -> VenueBroker:
    """The adapter of the session that trades an account, or did last.

    Raises:
        UsageError: No session ever has.
        MisMarteraError: Its plugin cannot be made.
    """
    session = files.session()
    if session is None:
        raise UsageError(
            f"no live session has ever traded account {files.account} from {files.runtime}",
            hint="say the account as the broker does, or the runtime_dir of its session",
        )
    registry = Registry.discover(policy=policy_of(settings))
    return connect(session, registry, context_of(session, settings, Secrets(registry)))


def context_of(
    session: LiveSession, settings: Settings, secret: Callable[[str], str]
) -> PluginContext:
    """What a plugin is told when it is made without a session."""

    def sessions(start: date, end: date) -> SessionTable:
        with closing(open_database(settings.database_url)) as database:
            clock = TimeManager(database, session.exchange_group, session.asset_class)
            return clock.session_table(start, end)

    return PluginContext(
        data_dir=settings.data_dir,
        exchange_group=session.exchange_group,
        asset_class=session.asset_class,
        timezone=find_market(session.exchange_group, session.asset_class).timezone,
        sessions=sessions,
        secret=secret,
        now_ns=wall_ns,
    )


def connect(session: LiveSession, registry: Registry, context: PluginContext) -> VenueBroker:
    """The adapter that a session traded through, made anew.

    Raises:
        MisMarteraError: The plugin is not there, its config is refused, or it is no venue's.
    """
    record = registry.get("broker", session.broker)
    model = config_model(record)
    config = None if model is None else model(**session.config)
    made = build("broker", Choice(record, config), context)
    if not isinstance(made, VenueBroker):
        raise ConfigError(f"broker {session.broker!r} is simulated: there is no venue to ask")
    return made


def cancel_entries(venue: VenueBroker) -> int:
    """Ask for the end of every order of ours that may open a position.

    Returns:
        How many there were.

    Raises:
        BrokerError: The venue does not answer.
    """
    return _cancel(venue, entries(venue.open_orders(), venue.positions()))


def cancel_ours(venue: VenueBroker) -> int:
    """Ask for the end of every order of ours; returns how many there were."""
    return _cancel(venue, [order for order in venue.open_orders() if is_ours(order)])


def _cancel(venue: VenueBroker, orders: list[VenueOrder]) -> int:
    for order in orders:
        try:
            venue.cancel(order.venue_id)
        except OrderRejected as error:
            log.info("%s needs no cancel: %s", order.venue_id, error)
        except BrokerError as error:
            log.warning("%s may still work: %s", order.venue_id, error)
    return len(orders)


def cancel_until_none(
    venue: VenueBroker,
    stop: Event,
    cancel: Callable[[VenueBroker], int] = cancel_entries,
    *,
    rounds: int = 60,
    pause: float = FIRST_PAUSE,
) -> bool:
    """Cancel until a look finds nothing to cancel, twice: an order may have been on its way.

    Args:
        venue: The adapter.
        stop: Ends it early.
        cancel: What is cancelled.
        rounds: Looks at most.
        pause: Seconds between the first looks; between later ones up to `LONGEST_PAUSE`.

    Returns:
        Whether nothing is left.
    """
    clean = 0
    for _ in range(rounds):
        try:
            clean = 0 if cancel(venue) else clean + 1
        except MisMarteraError as error:
            log.warning("the venue could not be asked: %s", error)
            clean = 0
            pause = min(pause * 2.0, LONGEST_PAUSE)
        if clean == 2:
            return True
        if stop.wait(pause):
            return False
    return False


def flatten(venue: VenueBroker, account: str, asked_ns: int, stop: Event) -> list[str]:
    """Cancel every order of ours, then leave every position at market.

    Args:
        venue: The adapter.
        account: The account.
        asked_ns: When a human asked; asked again with the same instant, nothing is doubled.
        stop: Ends the waiting early.

    Returns:
        Symbols whose position is being left.

    Raises:
        BrokerError: The venue does not answer, or refuses.
    """
    cancel_until_none(venue, stop, cancel_ours, rounds=round(GONE_WITHIN / FIRST_PAUSE))
    sent = []
    for terms in leaving(venue.positions(), account, asked_ns):
        try:
            venue.submit(terms)
        except OrderExists:
            log.info("%s is being left already", terms.symbol)
        sent.append(terms.symbol)
    return sent

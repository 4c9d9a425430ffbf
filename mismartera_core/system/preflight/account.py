"""Checks of the account at the venue. They read; none of them sends or cancels anything."""

from __future__ import annotations

from collections.abc import Sized

from mismartera_core.contracts.stream import StreamChanged, StreamState
from mismartera_core.contracts.venue import VenueEvent
from mismartera_core.errors import BrokerError
from mismartera_core.model.intervals import SECOND
from mismartera_core.system.access import Access
from mismartera_core.system.preflight.rows import CheckRow, go, no_go, warn

WARN_SKEW = 0.5
"""Seconds between our clock and the venue's from which on somebody should look at it."""
MOST_SKEW = 2.0
"""Seconds from which on nothing may start."""


def account(access: Access) -> CheckRow:
    """Credentials are right, and the account may trade."""
    held = access.venue.account()
    kind = "paper" if held.paper else "LIVE, real money"
    found = (
        f"{held.account_id} ({kind}), equity {held.equity:,.2f} {held.currency}, "
        f"buying power {held.buying_power:,.2f}"
    )
    if held.blocked:
        hint = "see what the venue's own pages say of the account"
        return no_go("account", f"{found}; it may not trade: {held.blocked}", hint, _BROKER)
    if held.buying_power <= 0:
        hint = "close positions or pay money in; a session could only reduce"
        return no_go("account", f"{found}; it has no buying power", hint, _BROKER)
    if not held.paper:
        hint = f"real money moves only with --live-account {held.account_id}"
        return warn("account", found, hint)
    return go("account", found)


def clock_skew(access: Access) -> CheckRow:
    """Our clock agrees with the venue's; the time on the way is split in halves."""
    before = access.clock.wall_ns()
    theirs = access.venue.now_ns()
    after = access.clock.wall_ns()
    skew = (theirs - (before + after) // 2) / SECOND
    trip = (after - before) / SECOND
    ahead = "behind" if skew > 0 else "ahead of"
    found = (
        f"our clock is {abs(skew):.3f} s {ahead} the venue's (answered in {trip * 1e3:.0f} ms; "
        f"warns from {WARN_SKEW:g} s, no-go from {MOST_SKEW:g} s)"
    )
    hint = "set this machine's clock by a time server (NTP)"
    if abs(skew) >= MOST_SKEW:
        return no_go("clock", found, hint)
    return warn("clock", found, hint) if abs(skew) >= WARN_SKEW else go("clock", found)


def orders(access: Access) -> CheckRow:
    """Open orders: ours are taken up again, those of others are shown and left alone."""
    open_ = access.venue.open_orders()
    ours = [o for o in open_ if access.is_ours(o.client_id)]
    foreign = [o for o in open_ if not access.is_ours(o.client_id)]
    found = f"{_count(ours, 'order')} of ours open, {len(foreign)} foreign"
    if foreign:
        named = ", ".join(sorted({o.symbol for o in foreign}))
        hint = "they are left alone and count for risk; `mismartera orders` lists them"
        return warn("orders", f"{found} ({named})", hint)
    return go("orders", found)


def positions(access: Access) -> CheckRow:
    """Positions held; those in symbols that the config does not trade are named."""
    held = access.venue.positions()
    traded = access.config.session_data_config.symbols
    others = sorted(p.symbol for p in held if p.symbol not in traded)
    shown = ", ".join(f"{p.symbol} {p.quantity:+}" for p in held[:8])
    found = f"{_count(held, 'position')}{f': {shown}' if shown else ''}"
    if others:
        hint = "they are left alone; `mismartera positions` lists them"
        return warn("positions", f"{found}; not traded by this config: {', '.join(others)}", hint)
    return go("positions", found)


def order_stream(access: Access) -> CheckRow:
    """The venue tells of orders and executions: its stream connects and is confirmed."""
    heard: list[VenueEvent] = []
    access.venue.listen(heard.append)
    lost = [e for e in heard if isinstance(e, StreamChanged) and e.state is StreamState.LOST]
    if lost:
        hint = "look at the network, and whether another program listens on the account"
        return no_go("order stream", f"lost at once: {lost[0].reason}", hint, _BROKER)
    return go("order stream", "connected and confirmed")


def _count(items: Sized, noun: str) -> str:
    number = len(items)
    return f"{number} {noun}{'' if number == 1 else 's'}"


_BROKER = BrokerError.exit_code

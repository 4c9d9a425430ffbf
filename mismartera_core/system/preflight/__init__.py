"""Go or no-go before a session: small checks, one row each. Nothing sends an order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mismartera_core.errors import MisMarteraError, PluginError
from mismartera_core.system.access import LIVE, Access
from mismartera_core.system.plugin_calls import blamed
from mismartera_core.system.preflight import account, calendar, feed, installation, safety
from mismartera_core.system.preflight.rows import CheckRow as CheckRow
from mismartera_core.system.preflight.rows import Verdict as Verdict
from mismartera_core.system.preflight.rows import refused

Check = Callable[[Access], CheckRow]


@dataclass(frozen=True, slots=True)
class _Listed:
    """A check in the list.

    Attributes:
        name: As its row calls it.
        check: Makes the row.
        live_only: Why a backtest does not need it; "" where it does.
        needs: The check without which it cannot be made; "" for none.
    """

    name: str
    check: Check
    live_only: str = ""
    needs: str = ""


def preflight(access: Access, stream_seconds: float) -> Iterator[CheckRow]:
    """Look at everything a session needs, one row after the other.

    Args:
        access: The config's parts; to be closed by the caller.
        stream_seconds: How long the stream may take to become live.

    Yields:
        A row for every check, whatever the checks before have found.
    """
    live = access.config.mode == LIVE
    failed: set[str] = set()
    for listed in _checks(stream_seconds):
        row = _row(access, listed, live, failed)
        if row.verdict in (Verdict.NO_GO, Verdict.SKIPPED):
            failed.add(listed.name)
        yield row


def exit_code(rows: list[CheckRow]) -> int:
    """0 where a session may start, else the code of the first no-go."""
    return next((row.code for row in rows if row.verdict is Verdict.NO_GO), 0)


def _row(access: Access, listed: _Listed, live: bool, failed: set[str]) -> CheckRow:
    if listed.live_only and not live:
        found = f"a backtest {listed.live_only}"
        return CheckRow(check=listed.name, verdict=Verdict.NOT_APPLICABLE, found=found)
    if listed.needs in failed:
        found = f"not looked at: it stands on {listed.needs}"
        return CheckRow(check=listed.name, verdict=Verdict.SKIPPED, found=found)
    try:
        with blamed(f"the check {listed.name!r}"):
            return listed.check(access)
    except PluginError as error:
        return refused(listed.name, error)
    except MisMarteraError as error:
        return refused(listed.name, error)


def _checks(stream_seconds: float) -> list[_Listed]:
    """Every check, in the order of its row: what others stand on comes first."""
    fills = "fills orders itself"
    stored = "reads stored data"

    return [
        _Listed("config", installation.config),
        _Listed("versions", installation.versions, needs="config"),
        _Listed("database", installation.database),
        _Listed("disk", installation.disk),
        _Listed("run folder", installation.run_folder),
        _Listed("calendar", calendar.calendar, needs="database"),
        _Listed("session", calendar.session, "has the hours of its own days", "calendar"),
        _Listed("account", account.account, fills, "config"),
        _Listed("risk", safety.risk, "begins anew with every run", "account"),
        _Listed("other session", safety.running, "shares its account with nobody", "account"),
        _Listed("journal", safety.journal, "keeps its orders in memory", "account"),
        _Listed("heartbeat", safety.heartbeat, "needs no watchdog"),
        _Listed("clock", account.clock_skew, "has a clock of its own", "account"),
        _Listed("orders", account.orders, fills, "account"),
        _Listed("positions", account.positions, fills, "account"),
        _Listed("order stream", account.order_stream, fills, "account"),
        _Listed("data", feed.freshness, stored, "config"),
        _Listed("stream", lambda it: feed.stream(it, stream_seconds), stored, "config"),
    ]

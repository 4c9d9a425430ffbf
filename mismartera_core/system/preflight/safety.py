"""Checks of what must hold for an account: its risk state, its journal, its sign of life."""

from __future__ import annotations

from mismartera_core.errors import RiskStop
from mismartera_core.model.market import from_ns
from mismartera_core.model.risk import RiskRecord, RiskState
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.repositories.live_files import DRILL, LiveFiles
from mismartera_core.system.access import Access
from mismartera_core.system.preflight.installation import writable
from mismartera_core.system.preflight.rows import CheckRow, go, no_go, warn
from mismartera_core.system.risk_actions import is_running


def risk(access: Access) -> CheckRow:
    """Nothing keeps orders of the account back: no kill file, not halted, not reducing."""
    files = _files(access)
    resume = f"look into it, then: mismartera resume --account {files.account}"
    killed = files.killed()
    if killed is not None and killed.action != DRILL:
        return no_go("risk", f"kill switch: {killed.reason}", resume, RiskStop.exit_code)
    record = files.load_risk_state() or RiskRecord()
    if record.state is RiskState.ACTIVE and record.quarantined:
        name, why = next(iter(record.quarantined.items()))
        found = f"active; strategy {name!r} is quarantined and opens nothing: {why}"
        cure = f"mend it, then: mismartera resume --account {files.account} --strategy {name}"
        return warn("risk", found, cure)
    if record.state is RiskState.ACTIVE:
        return go("risk", "active")
    since = from_ns(record.at_ns, access.clock.zone)
    found = f"{record.state.value} since {since:%Y-%m-%d %H:%M:%S %Z}: {record.reason}"
    if record.state is RiskState.HALTED:
        return no_go("risk", found, resume, RiskStop.exit_code)
    return warn("risk", f"{found}; only orders that reduce a position may leave", resume)


def running(access: Access) -> CheckRow:
    """No other session trades the account."""
    files = _files(access)
    session = files.session()
    if session is not None and is_running(files):
        found = f"process {session.pid} trades the account (run {session.run})"
        return no_go("other session", found, "stop it first; two would send every order twice")
    return go("other session", "none trades the account")


def journal(access: Access) -> CheckRow:
    """The order journal of the account can be read."""
    found = OrderJournal(access.database, access.account_id, "preflight").open_orders()
    count = f"{len(found)} order{'' if len(found) == 1 else 's'}"
    return go("journal", f"can be read; {count} not ended, to be reconciled with the venue")


def heartbeat(access: Access) -> CheckRow:
    """The folder of the sign of life can be written: without it the watchdog stops all."""
    return writable("heartbeat", access.settings.runtime_dir / "live")


def _files(access: Access) -> LiveFiles:
    return LiveFiles(access.settings.runtime_dir, access.account_id)

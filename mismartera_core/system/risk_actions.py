"""What `halt`, `resume` and `flatten` do, on a running session and without one."""

from __future__ import annotations

import logging
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Any

from mismartera_core.config.settings import Settings
from mismartera_core.errors import MisMarteraError, RiskStop, UsageError
from mismartera_core.model.risk import RiskRecord, RiskState
from mismartera_core.repositories.live_files import FLATTEN, HALT, KillOrder, LiveFiles
from mismartera_core.system import emergency
from mismartera_core.system.watchdog import process_is_there

log = logging.getLogger(__name__)

HEARD_WITHIN = 5.0
"""Seconds within which a running session answers."""
LOOK = 0.1

Told = dict[str, Any]


def is_running(files: LiveFiles) -> bool:
    """Whether a session trades the account now, as far as its last sign of life says."""
    heart = files.heartbeat()
    return heart is not None and not heart.goodbye and process_is_there(heart.pid)


def halt(files: LiveFiles, settings: Settings, reason: str) -> Told:
    """Halt an account.

    Args:
        files: Files of the account.
        settings: Where things lie.
        reason: Who asks, in words.
    """
    now = emergency.wall_ns()
    files.kill(KillOrder(HALT, reason, now))
    if is_running(files) and _heard(files, RiskState.HALTED):
        return _told(files, "the running session has halted and cancels its entries")
    _keep(files, RiskState.HALTED, reason, now)
    return _told(files, _cancel(files, settings))


def resume(files: LiveFiles, settings: Settings, by: str) -> Told:
    """Let an account go on.

    Args:
        files: Files of the account.
        settings: Where things lie.
        by: Who, in words.

    Raises:
        RiskStop: The kill file of all accounts is there.
    """
    del settings
    if files.release():
        raise RiskStop(
            f"the kill file of all accounts is there: {files.kill_all}",
            hint="remove it, then resume",
        )
    if is_running(files):
        files.ask_resume(by)
        if _heard(files, RiskState.ACTIVE):
            return _told(files, "the running session goes on")
        files.resumed()  # nobody has taken the word: it must not be found later
        return _told(files, "the running session does not answer; nothing has changed")
    _keep(files, RiskState.ACTIVE, f"resumed by {by}", emergency.wall_ns())
    return _told(files, "the next session may begin")


def take_back(files: LiveFiles, strategy: str) -> Told:
    """Let a strategy that was quarantined open positions again, from the next session on.

    Args:
        files: Files of the account.
        strategy: Its name in the session config.

    Raises:
        UsageError: It is not quarantined, or a session trades the account.
    """
    if is_running(files):
        raise UsageError(
            f"a session trades account {files.account} now, and keeps {strategy!r} quarantined",
            hint="end it, mend the strategy, then take it back",
        )
    kept = files.load_risk_state() or RiskRecord()
    others = {name: why for name, why in kept.quarantined.items() if name != strategy}
    if len(others) == len(kept.quarantined):
        there = ", ".join(map(repr, kept.quarantined)) or "no strategy"
        raise UsageError(f"strategy {strategy!r} is not quarantined: {there} is")
    files.save_risk_state(replace(kept, quarantined=others))
    return _told(files, f"strategy {strategy!r} may open positions again in the next session")


def flatten(files: LiveFiles, settings: Settings) -> Told:
    """Halt an account, cancel its orders and leave its positions.

    Args:
        files: Files of the account.
        settings: Where things lie.
    """
    now, reason = emergency.wall_ns(), "flattened by command"
    files.kill(KillOrder(FLATTEN, reason, now))
    if is_running(files) and _heard(files, RiskState.HALTED):
        return _told(files, "the running session has halted and leaves its positions")
    _keep(files, RiskState.HALTED, reason, now)
    venue = emergency.adapter_of(files, settings)
    try:
        left = emergency.flatten(venue, files.account, now, Event())
    finally:
        venue.close()
    return _told(files, f"no session runs; being left: {', '.join(left) or 'nothing was held'}")


def _cancel(files: LiveFiles, settings: Settings) -> str:
    """Cancel entries where no session does it; what came of it, in words."""
    if files.session() is None:
        return "no session has ever run; the next one begins halted"
    try:
        venue = emergency.adapter_of(files, settings)
        try:
            count = emergency.cancel_entries(venue)
        finally:
            venue.close()
    except MisMarteraError as error:
        log.warning("entries may still work: %s", error)
        return f"no session runs; its orders could not be looked at: {error}"
    return f"no session runs; entries cancelled: {count}"


def _heard(files: LiveFiles, state: RiskState) -> bool:
    """Wait until a running session has kept the state."""
    until, never = monotonic() + HEARD_WITHIN, Event()
    while monotonic() < until:
        kept = files.load_risk_state()
        if (kept or RiskRecord()).state is state:
            return True
        never.wait(LOOK)
    return False


def _keep(files: LiveFiles, state: RiskState, reason: str, now_ns: int) -> None:
    kept = files.load_risk_state() or RiskRecord()
    limit = "" if state is RiskState.ACTIVE else "command"
    peak = 0.0 if state is RiskState.ACTIVE else kept.peak_equity
    changed = replace(kept, state=state, limit=limit, reason=reason, at_ns=now_ns, peak_equity=peak)
    files.save_risk_state(changed)


def _told(files: LiveFiles, text: str) -> Told:
    kept = files.load_risk_state() or RiskRecord()
    return {
        "account": files.account,
        "state": kept.state.value,
        "reason": kept.reason,
        "quarantined": dict(kept.quarantined),
        "running": is_running(files),
        "text": text,
    }

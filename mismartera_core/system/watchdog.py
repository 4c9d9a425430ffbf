"""The dead man's watchdog: a process of its own that acts when a live session has fallen silent.

    python -m mismartera_core.system.watchdog --runtime runtime --account PA123

It reads the heartbeat. When that has not changed for so long, or the session's process is gone
without goodbye, it writes the kill file, cancels entries by REST, and keeps the account HALTED.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from threading import Event
from time import monotonic

from mismartera_core.config.settings import load_settings
from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.errors import MisMarteraError, RiskStop
from mismartera_core.model.risk import RiskRecord, RiskState
from mismartera_core.repositories.live_files import HALT, KillOrder, LiveFiles
from mismartera_core.system.emergency import adapter_of, cancel_until_none, wall_ns

log = logging.getLogger("mismartera_core.watchdog")

SILENCE = 30.0
"""Seconds without a heartbeat."""
GONE = 5.0
"""Seconds that a process may be gone: another one may take over."""
LOOK = 0.5


class Sight(StrEnum):
    """What a look has found."""

    ALIVE = "alive"
    SILENT = "silent"
    GONE = "gone"
    GOODBYE = "goodbye"
    REPLACED = "replaced"


class Watch:
    """Looks at the heartbeat of one process.

    Args:
        files: Files of the account.
        pid: The process; that of the newest heartbeat where it is 0.
        silence: Seconds without a heartbeat.
        gone: Seconds that the process may be gone.
        timer: A monotonic timer, seconds.
        is_there: Whether a process is there.
    """

    def __init__(
        self,
        files: LiveFiles,
        pid: int,
        *,
        silence: float = SILENCE,
        gone: float = GONE,
        timer: Callable[[], float] = monotonic,
        is_there: Callable[[int], bool] | None = None,
    ) -> None:
        self._files = files
        self._pid = pid
        self._silence = silence
        self._gone = min(gone, silence)
        self._timer = timer
        self._is_there = is_there or process_is_there
        self._counter = -1
        self._changed = timer()
        self._missed: float | None = None

    def look(self) -> Sight:
        """What is the case now."""
        now = self._timer()
        heart = self._files.heartbeat()
        if heart is not None:
            self._pid = self._pid or heart.pid
            if heart.pid != self._pid:
                return Sight.REPLACED
            if heart.goodbye:
                return Sight.GOODBYE
            if heart.counter != self._counter:
                self._counter, self._changed = heart.counter, now
        if now - self._changed >= self._silence:
            return Sight.SILENT
        if not self._pid or self._is_there(self._pid):
            self._missed = None
            return Sight.ALIVE
        self._missed = now if self._missed is None else self._missed
        return Sight.GONE if now - self._missed >= self._gone else Sight.ALIVE


def process_is_there(pid: int) -> bool:
    """Whether a process exists; one of another user counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def watch(files: LiveFiles, seen: Watch, stop: Event, act: Callable[[str], None]) -> Sight:
    """Look until the session has ended, or until there was something to do.

    Args:
        files: Files of the account.
        seen: Looks.
        stop: Ends it early.
        act: Called once with what has happened.
    """
    while True:
        sight = seen.look()
        if sight in (Sight.GOODBYE, Sight.REPLACED):
            return sight
        if sight in (Sight.SILENT, Sight.GONE):
            how = "has said nothing" if sight is Sight.SILENT else "is gone without goodbye"
            act(f"watchdog: the session of account {files.account} {how}")
            return sight
        if stop.wait(LOOK):
            return sight


def shut_down(
    files: LiveFiles,
    why: str,
    now_ns: int,
    venue: Callable[[], VenueBroker],
    stop: Event,
) -> bool:
    """Write the kill file, keep the account HALTED, and cancel entries by REST.

    Args:
        files: Files of the account.
        why: What has happened.
        now_ns: The wall clock, nanoseconds UTC.
        venue: Makes the adapter.
        stop: Ends it early.

    Returns:
        Whether no entry is left.
    """
    log.error("%s: entries are cancelled, the account is halted", why)
    # First what needs no network: a session that wakes up finds its gate shut.
    files.kill(KillOrder(HALT, why, now_ns))
    kept = files.load_risk_state() or RiskRecord()
    if kept.state is not RiskState.HALTED:
        halted = replace(kept, state=RiskState.HALTED, limit="watchdog", reason=why, at_ns=now_ns)
        files.save_risk_state(halted)
    try:
        adapter = venue()
    except MisMarteraError as error:
        log.error("the venue cannot be reached: %s; cancel entries by hand", error)  # noqa: TRY400
        return False
    try:
        clean = cancel_until_none(adapter, stop)
    finally:
        adapter.close()
    log.error("no entry is left" if clean else "entries may be left: cancel them by hand")
    return clean


def main(words: Sequence[str] | None = None) -> int:
    """Watch one account; ends with 0 after goodbye, with 6 after it had to act."""
    parser = argparse.ArgumentParser(prog="mismartera watchdog", description=__doc__)
    parser.add_argument("--runtime", type=Path, help="runtime_dir of the session")
    parser.add_argument("--account", required=True, help="the account that it trades")
    parser.add_argument("--silence", type=float, default=SILENCE, help="seconds without heartbeat")
    parser.add_argument("--gone", type=float, default=GONE, help="seconds the process may be gone")
    parser.add_argument("--parent", type=int, default=0, help="process of the session")
    given = parser.parse_args(words)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    settings = load_settings(**({"runtime_dir": given.runtime} if given.runtime else {}))
    files = LiveFiles(settings.runtime_dir, given.account)
    seen = Watch(files, given.parent, silence=given.silence, gone=given.gone)
    stop = Event()

    def act(why: str) -> None:
        shut_down(files, why, wall_ns(), lambda: adapter_of(files, settings), stop)

    sight = watch(files, seen, stop, act)
    log.info("ends: %s", sight.value)
    return RiskStop.exit_code if sight in (Sight.SILENT, Sight.GONE) else 0


if __name__ == "__main__":
    sys.exit(main())

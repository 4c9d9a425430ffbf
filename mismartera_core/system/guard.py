"""The guard of a live session: kill switch, heartbeat, and the watchdog that looks after it."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread, current_thread, main_thread
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, Self

from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.errors import RiskStop
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.monitoring.stacks import stacks
from mismartera_core.repositories.live_files import (
    DRILL,
    FLATTEN,
    HALT,
    Heartbeat,
    KillOrder,
    LiveFiles,
    LiveSession,
)
from mismartera_core.system.emergency import cancel_until_none

log = logging.getLogger(__name__)

LOOK = 0.1
"""Seconds between looks at the kill file."""
BEAT = 1.0
"""Seconds between heartbeats, and between looks at the disk."""
SILENCE = 30.0
"""Seconds without a heartbeat after which the watchdog acts, and nothing leaves any more."""
DRILL_WITHIN = 5.0
"""Seconds within which the drill must have been seen."""
CANCEL_WITHIN = 10.0
"""Seconds that a thread that has failed waits for its session's entries to be cancelled."""


class Guard:
    """Halts the account when a human, a signal or silence asks for it.

    While it is entered: the kill files are looked at ten times a second and at every order, SIGUSR1
    is heard, a heartbeat is written every second, and a process of its own watches it. A session
    of which a thread has failed or is stuck is halted, too.

    Args:
        files: Files of the account.
        session: Who trades it; written for watchdog and commands.
        control: The state of risk.
        venue: The adapter; entries are cancelled through it at once, whatever the other threads do.
        now_ns: The wall clock, nanoseconds UTC.
        wake: Called after a halt, so that the engine attends to it soon.
        stuck: Says which thread is stuck, or "".
        silence: Seconds without a heartbeat after which the watchdog acts.
        watchdog: Whether a process is started that watches this one.
        timer: A monotonic timer, seconds.

    Raises:
        RiskStop: The drill failed: a kill file is not seen.
    """

    def __init__(
        self,
        files: LiveFiles,
        session: LiveSession,
        control: RiskControl,
        venue: VenueBroker,
        now_ns: Callable[[], int],
        *,
        wake: Callable[[], None] | None = None,
        stuck: Callable[[], str] = str,
        silence: float = SILENCE,
        watchdog: bool = True,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self._files = files
        self._session = session
        self._control = control
        self._venue = venue
        self._now_ns = now_ns
        self._wake = wake
        self._stuck = stuck
        self._alarmed = False
        self._silence = silence
        self._watch = watchdog
        self._timer = timer
        self._stop = Event()
        self._look = Event()
        self._drilled = Event()
        self._asked: KillOrder | None = None
        self._done: KillOrder | None = None
        self._beats = 0
        self._beaten = timer()
        self._threads: list[Thread] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._handler: Any = None

    def __enter__(self) -> Self:
        self._files.begin(self._session)
        self._beat()
        found = self._files.killed()
        if found is not None and found.action != DRILL:
            self._obey(found)
        self._control.guard(self.shut)
        self._start(self._run, "Guard")
        try:
            if found is None or found.action == DRILL:
                self._drill()
            if self._watch:
                self._process = _start_watchdog(self._files, self._silence)
            self._hear()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def press(self, reason: str) -> None:
        """Halt now; from a signal handler or any thread."""
        self._asked = KillOrder(HALT, reason, self._now_ns())
        self._look.set()

    def failed(self, why: str) -> None:
        """A thread of the session has failed: halt, and return when entries are cancelled.

        Args:
            why: Which, and of what.
        """
        self._control.halt("failure", why, self._now_ns())
        self._start(self._cancel, "Guard cancels").join(CANCEL_WITHIN)

    def shut(self) -> str:
        """Why nothing may leave, looked up anew: a kill file, a wish to halt, a late heartbeat."""
        asked = self._asked or self._files.killed()
        if asked is not None and asked.action != DRILL:
            return f"kill switch: {asked.reason}"
        late = self._timer() - self._beaten
        if late > self._silence:
            return f"dead man: no heartbeat for {late:.0f} s, at most {self._silence:g} s"
        return ""

    def _run(self) -> None:
        try:
            self._look_around()
        except Exception as error:
            log.exception("the guard has failed")
            why = f"the guard has failed: {type(error).__name__}: {error}"
            self._control.halt("guard", why, self._now_ns())
            if self._wake is not None:
                self._wake()

    def _look_around(self) -> None:
        due = self._timer() + BEAT
        while not self._stop.is_set():
            asked = self._asked or self._files.killed()
            if asked is None:
                self._done = None
                self._resume()
            elif asked.action == DRILL:
                self._drilled.set()
            elif asked != self._done:
                self._obey(asked)
            if self._timer() >= due:
                self._beat()
                self._look_at_threads()
                due = self._timer() + BEAT
            self._look.wait(LOOK)
            self._look.clear()

    def _obey(self, asked: KillOrder) -> None:
        """Shut the gate, then cancel entries at the venue by a thread of its own."""
        now = self._now_ns()
        if self._asked is not None:
            self._asked = None
            self._files.kill(asked)  # as if a file had asked: it holds until a human resumes
        self._done = asked
        if asked.action == FLATTEN:
            self._control.ask_flatten(asked.reason, now)
        else:
            self._control.halt("kill_switch", asked.reason, now)
        self._start(self._cancel, "Guard cancels")
        if self._wake is not None:
            self._wake()

    def _cancel(self) -> None:
        cancel_until_none(self._venue, self._stop)

    def _look_at_threads(self) -> None:
        """Halt where one is stuck, and keep where every thread was then."""
        why = "" if self._alarmed else self._stuck()
        if not why:
            return
        self._alarmed = True
        self._control.halt("stuck", why, self._now_ns())
        self._start(self._cancel, "Guard cancels")
        kept = self._files.folder / "stacks.log"
        log.error("%s: the account is halted; where every thread is: %s", why, kept)
        with kept.open("a", encoding="utf-8") as out:
            out.write(f"{why}\n\n{stacks()}\n")

    def _resume(self) -> None:
        by = self._files.resumed()
        if by:
            self._control.resume(by, self._now_ns())

    def _beat(self) -> None:
        self._beats += 1
        heart = Heartbeat(os.getpid(), self._beats, self._now_ns(), self._stop.is_set())
        try:
            self._files.beat(heart)
            self._control.surroundings.disk_free = shutil.disk_usage(self._files.folder).free
        except OSError as error:
            self._control.halt("disk", f"the heartbeat cannot be written: {error}", self._now_ns())
            return
        self._beaten = self._timer()

    def _drill(self) -> None:
        """Show that a kill file is seen: write one, have it seen, remove it."""
        self._files.kill(KillOrder(DRILL, "drill", self._now_ns()))
        try:
            if not self._drilled.wait(DRILL_WITHIN):
                raise RiskStop(
                    f"the kill switch does not work: {self._files.kill_own} was not seen within "
                    f"{DRILL_WITHIN:g} s",
                    hint="look at the folder and its permissions; without it nothing is armed",
                )
        finally:
            self._files.release()

    def _hear(self) -> None:
        """Hear SIGUSR1, where there is such a signal and this is the main thread."""
        if current_thread() is main_thread() and hasattr(signal, "SIGUSR1"):
            self._handler = signal.signal(signal.SIGUSR1, self._signalled)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.press("signal SIGUSR1")

    def _start(self, work: Callable[[], None], name: str) -> Thread:
        thread = Thread(target=work, name=name)
        self._threads.append(thread)
        thread.start()
        return thread

    def _leave(self) -> None:
        self._stop.set()
        self._look.set()
        for thread in self._threads:
            thread.join()
        if self._handler is not None:
            signal.signal(signal.SIGUSR1, self._handler)
            self._handler = None
        self._beat()  # goodbye
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=DRILL_WITHIN)
            if self._process.poll() is None:
                self._process.terminate()
                self._process.wait()
            self._process = None


def _start_watchdog(files: LiveFiles, silence: float) -> subprocess.Popen[bytes]:
    """Start the process that watches this one; signals of the terminal do not reach it."""
    words = [sys.executable, "-m", "mismartera_core.system.watchdog"]
    words += ["--runtime", str(files.runtime.resolve()), "--account", files.account]
    words += ["--silence", str(silence), "--parent", str(os.getpid())]
    files.folder.mkdir(parents=True, exist_ok=True)
    said: Path = files.folder / "watchdog.log"
    with said.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 - our own module, our own words
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )

"""What goes wrong, as a test writes it: which call or frame, how, how often."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Self

from mismartera_core.testing.http_messages import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFault:
    """What goes wrong with one frame of a socket; the class methods name the usual ones.

    Of a frame that the venue sends all can be used; of one that it receives `lost` (nothing is
    done or answered), `answers` and `drops`.

    Attributes:
        lost: It does not arrive.
        times: How often it is sent.
        held: It is sent after the next frame.
        drops: The connection ends instead, abruptly.
        answers: Messages that are sent instead of doing what was asked.
        status: Of a handshake: it is refused with this HTTP status.
        change: Makes of the message what is sent instead; None sends bytes nobody can read.
    """

    lost: bool = False
    times: int = 1
    held: bool = False
    drops: bool = False
    answers: tuple[Any, ...] = ()
    status: int = 0
    change: Callable[[Any], Any] | None = None

    @classmethod
    def silence(cls) -> Self:
        """The frame does not arrive; what asked for an answer gets none."""
        return cls(lost=True)

    @classmethod
    def twice(cls) -> Self:
        """The frame arrives twice."""
        return cls(times=2)

    @classmethod
    def swapped(cls) -> Self:
        """The frame arrives after the one that follows it."""
        return cls(held=True)

    @classmethod
    def dropped(cls) -> Self:
        """The connection ends instead of the frame, without a farewell."""
        return cls(drops=True)

    @classmethod
    def answered(cls, *messages: Any) -> Self:
        """Other messages are sent than the right ones.

        Args:
            *messages: In the dialect's form.
        """
        return cls(answers=messages)

    @classmethod
    def refused(cls, status: int) -> Self:
        """The handshake is refused.

        Args:
            status: HTTP status.
        """
        return cls(status=status)

    @classmethod
    def changed(cls, change: Callable[[Any], Any]) -> Self:
        """Another message is sent.

        Args:
            change: Takes the message and returns what is sent; bytes are sent as they are.
        """
        return cls(change=change)

    @classmethod
    def garbled(cls) -> Self:
        """Bytes are sent that no protocol knows."""
        return cls(change=lambda _: b"\xc1 no such thing")


@dataclass(slots=True, eq=False)
class _Rule:
    what: str
    fault: Fault | FrameFault
    left: float
    after: int


class Faults:
    """The script of what goes wrong at a venue.

        venue.faults.on("POST /orders", Fault.status(504).after_acting())
        venue.faults.on("GET /*", Fault.too_many(1), times=3)
        venue.faults.on("trades fill AAPL", FrameFault.silence(), after=1)  # the second fill

    What goes wrong is named by a pattern (as in file names, case and all): "METHOD /path" for a
    call, without the version of the API; "socket kind symbol" for a frame.
    """

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._seen: Counter[str] = Counter()
        self._met: Counter[str] = Counter()
        self._lock = threading.Lock()

    def on(
        self, what: str, fault: Fault | FrameFault, *, times: int | None = 1, after: int = 0
    ) -> None:
        """Say what goes wrong from now on. Of several rules that match, the first is taken.

        Args:
            what: Which calls or frames: a pattern.
            fault: How.
            times: How often; None for always.
            after: So many that match go well before.
        """
        left = float("inf") if times is None else float(times)
        with self._lock:
            self._rules.append(_Rule(what, fault, left, after))

    def off(self, what: str = "*") -> None:
        """Let everything go well again.

        Args:
            what: Only what was said with this very pattern; "*" for all.
        """
        with self._lock:
            self._rules = [rule for rule in self._rules if what not in ("*", rule.what)]

    def seen(self, what: str = "*") -> int:
        """How many calls and frames there were so far, well or not.

        Args:
            what: Which: a pattern.
        """
        with self._lock:
            return sum(n for name, n in self._seen.items() if fnmatchcase(name, what))

    def met(self, what: str = "*") -> int:
        """How many calls and frames have met a fault so far.

        Args:
            what: Of which rules: the pattern they were said with; "*" for all.
        """
        with self._lock:
            return sum(n for rule, n in self._met.items() if what in ("*", rule))

    def call(self, name: str) -> Fault | None:
        """What goes wrong with a call; it is counted.

        Args:
            name: "METHOD /path".
        """
        found = self._next(name)
        return found if isinstance(found, Fault) else None

    def frame(self, name: str) -> FrameFault | None:
        """What goes wrong with a frame; it is counted.

        Args:
            name: "socket kind symbol".
        """
        found = self._next(name)
        return found if isinstance(found, FrameFault) else None

    def _next(self, name: str) -> Fault | FrameFault | None:
        with self._lock:
            self._seen[name] += 1
            for rule in self._matching(name):
                if rule.after > 0:
                    rule.after -= 1
                elif rule.left > 0:
                    rule.left -= 1
                    self._met[rule.what] += 1
                    return rule.fault
            return None

    def _matching(self, name: str) -> Iterable[_Rule]:
        return (rule for rule in self._rules if fnmatchcase(name, rule.what))

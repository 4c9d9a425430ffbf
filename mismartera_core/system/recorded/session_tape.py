"""What a session passes its inputs through: they are recorded, or they come from a recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.system.recorded.mailbox import Asking
from mismartera_core.threads.analysis_engine import Replay
from mismartera_core.threads.plan import LivePlan

T = TypeVar("T")


class SessionTape(Protocol):
    """The inputs of a live session."""

    def take(self, track: str, kind: str, asked: Any, make: Callable[[], T]) -> T:
        """One input; see `Tape`."""

    def provider(self, make: Callable[[], DataProvider]) -> DataProvider:
        """The data provider."""

    def venue(self, make: Callable[[], VenueBroker]) -> VenueBroker:
        """The adapter of the venue."""

    def live(self, plan: LivePlan) -> LivePlan:
        """What a live session has instead of the past."""

    def player(self, player: Replay) -> Replay:
        """What replays frames and hears the broker's news."""

    def calls(self, prefix: str, make: Callable[[], Any]) -> Any:
        """An object whose calls are inputs, such as a journal."""

    def fetcher(self, make: Callable[[], Asking]) -> Asking:
        """Who asks the venue what nobody waits for."""

    def on_news(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, by any thread, when something waits for the engine's turn."""

    def turns(self) -> Turns | None:
        """What the engine does, one after the other; None where the world decides."""

    def changing(self, kind: str, read: Callable[[], T]) -> Callable[[], T]:
        """Something that the engine reads often and that changes seldom."""

    def control(self, make: Callable[[], Any]) -> Any:
        """The state of risk, as the engine asks for it."""

    def reading(self, kind: str, read: Callable[[], T]) -> Callable[[], T]:
        """Something that the engine reads of the world, such as a timer."""


class Turns(Protocol):
    """The order in which the engine of a recorded session handled frames and news."""

    def next(self) -> tuple[str, int] | None:
        """The next kind of turn and its instant: "frame" or "news"; None at the end."""

"""Gives a session the inputs of a recording, turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from queue import Queue
from typing import Any, TypeVar, cast

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.venue import EmitVenue, VenueBroker
from mismartera_core.model.market import from_ns
from mismartera_core.repositories.recording import Recorded, Recording
from mismartera_core.repositories.recording_player import Player, ReplayDiffers
from mismartera_core.store.frame import Frame
from mismartera_core.store.live_step import LiveStep
from mismartera_core.system.recorded import tracks
from mismartera_core.system.recorded.digest import FrameDigest
from mismartera_core.system.recorded.mailbox import Asking
from mismartera_core.system.recorded.steps import step_of
from mismartera_core.system.recorded.taped import TapedCalls, TapedProvider, TapedVenue
from mismartera_core.system.recorded.taped_control import TapedControl
from mismartera_core.threads.analysis_engine import AroundReplay, Replay
from mismartera_core.threads.plan import LivePlan

T = TypeVar("T")


class ReplayTape:
    """Answers from a recording; nothing of the world is asked.

    Args:
        recording: What is replayed.
    """

    def __init__(self, recording: Recording) -> None:
        self._steps = [i for i in recording.items if i.kind == tracks.STEP]
        self._player = Player(i for i in recording.items if i.kind != tracks.STEP)
        self._emit: EmitVenue | None = None
        self._fetcher = _Replayed()

    def take(self, track: str, kind: str, asked: Any, make: Callable[[], T]) -> T:
        """One input of the recording; see `Tape`."""
        if track == tracks.SETUP and kind in _OF_THE_END and self._player.peek(track) is None:
            return cast("T", _OF_THE_END[kind]())
        return self._player.take(track, kind, asked, make)

    def reading(self, kind: str, read: Callable[[], T]) -> Callable[[], T]:
        """Something the engine read of the world."""
        return lambda: self.take(tracks.here(), kind, None, read)

    def provider(self, make: Callable[[], DataProvider]) -> DataProvider:
        """A data provider that answers as it did."""
        del make
        return TapedProvider(self, None)

    def venue(self, make: Callable[[], VenueBroker]) -> VenueBroker:
        """A venue that answers as it did."""
        del make
        return TapedVenue(self, None, self._hear)

    def calls(self, prefix: str, make: Callable[[], Any]) -> Any:
        """An object whose calls are answered as they were."""
        del make
        return TapedCalls(self, prefix, None)

    def changing(self, kind: str, read: Callable[[], T]) -> Callable[[], T]:
        """Something that was read often: what it was at the same reading."""
        del read
        track, count, value = tracks.CHANGING + kind, [0], [None]

        def look() -> T:
            count[0] += 1
            item = self._player.peek(track)
            if item is not None and item.asked == count[0]:
                value[0] = self._player.pop(track).answer()
            return value[0]  # type: ignore[return-value]

        return look

    def control(self, make: Callable[[], Any]) -> Any:
        """The state of risk as it was."""
        del make
        return TapedControl(self, None)

    def fetcher(self, make: Callable[[], Asking]) -> Asking:
        """Nobody is asked; answers come at the turns at which they came."""
        del make
        return self._fetcher

    def live(self, plan: LivePlan) -> LivePlan:
        """The plan with the steps of the recording."""

        def listen(queue: Queue[Any]) -> int:
            del queue
            return self.take(tracks.COORDINATOR, tracks.LISTEN, None, int)

        return replace(plan, listen=listen, hush=_nothing, gaps=None, recorded=self._recorded)

    def player(self, player: Replay) -> Replay:
        """The player, which compares what it is shown with what was shown."""
        return _ComparingPlayer(player, self._player)

    def on_news(self, wake: Callable[[], None]) -> None:
        """Nobody is woken: turns come as they came."""

    def turns(self) -> ReplayTape:
        """The turns of the recording."""
        return self

    def next(self) -> tuple[str, int] | None:
        """The next turn: "frame" or "news" and its instant; None at the end.

        Raises:
            ReplayDiffers: The session asked for something here, and the replay did not.
        """
        while (item := self._player.peek(tracks.ENGINE)) is not None:
            if item.kind == tracks.FRAME:
                return tracks.FRAME, item.asked
            self._player.pop(tracks.ENGINE)
            if item.kind == tracks.NEWS:
                return tracks.NEWS, item.asked
            self._hand_over(item)
        return None

    def left(self) -> Recorded | None:
        """The first item that the session took in and the replay did not; None where none is."""
        return next((i for i in self._player.left() if i.track in _ALL_TAKEN), None)

    def _hand_over(self, item: Recorded) -> None:
        if item.kind == tracks.EVENT and self._emit is not None:
            self._emit(item.answer())
        elif item.kind == tracks.ANSWER:
            self._fetcher.answer(*item.answer())
        else:
            raise ReplayDiffers(
                f"line {item.number} of the recording: the session asked for {item.kind} here, "
                "and the replay did not"
            )

    def _hear(self, emit: EmitVenue) -> EmitVenue:
        self._emit = emit
        return emit

    def _recorded(self) -> Iterator[LiveStep]:
        return (step_of(item.came) for item in self._steps)


class _ComparingPlayer(AroundReplay):
    """Plays, and fails at the first frame that is not as it was."""

    def __init__(self, player: Replay, tape: Player) -> None:
        super().__init__(player)
        self._tape = tape
        self._digest = FrameDigest()

    def play(self, frame: Frame) -> int:
        item = self._tape.pop(tracks.ENGINE)
        found = (frame.upto_ns, self._digest.of(frame))
        if found != (item.asked, item.came):
            raise ReplayDiffers(
                f"line {item.number} of the recording: the step of {_at(item.asked)} showed "
                f"{item.came}, and the replay's of {_at(frame.upto_ns)} shows {found[1]}: bars or "
                "indicator values differ",
                hint="replay with the versions of plugins that recorded it: see manifest.json",
            )
        return self._player.play(frame)


class _Replayed:
    """Keeps what questions wait for, by their number."""

    def __init__(self) -> None:
        self._then: list[Any] = []
        self._put: Callable[[Any, Any, Exception | None], None] | None = None

    def start(self, put: Callable[[Any, Any, Exception | None], None]) -> None:
        self._put = put

    def ask(self, call: Callable[[], Any], then: Any) -> None:
        del call
        self._then.append(then)

    def close(self) -> None:
        """Nothing runs."""

    def answer(self, number: int, value: Any, error: Exception | None) -> None:
        if self._put is None or number > len(self._then):
            raise ReplayDiffers(f"the session had asked the venue {number} times, the replay less")
        self._put(self._then[number - 1], value, error)


_OF_THE_END: dict[str, Callable[[], Any]] = {"risk.changes": list, "risk.notes": tuple}
"""What is asked when a run is over: a session that was killed has not, and all it had is known."""
_ALL_TAKEN = (tracks.ENGINE, tracks.COORDINATOR, tracks.SETUP)
"""Tracks of which a replay takes every item."""


def _at(ns: int) -> str:
    from datetime import UTC

    return f"{from_ns(ns, UTC):%H:%M:%S.%f} UTC"


def _nothing() -> None:
    """Nothing streams."""

"""Records the inputs of a live session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from queue import Queue
from typing import Any, TypeVar

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.venue import EmitVenue, VenueBroker, VenueEvent
from mismartera_core.repositories.recording import Recorder
from mismartera_core.repositories.recording_values import encode
from mismartera_core.store.frame import Frame
from mismartera_core.store.live_step import LiveStep
from mismartera_core.system.recorded import tracks
from mismartera_core.system.recorded.digest import FrameDigest
from mismartera_core.system.recorded.mailbox import Asking, Mailbox
from mismartera_core.system.recorded.steps import step_values
from mismartera_core.system.recorded.taped import TapedCalls, TapedProvider, TapedVenue
from mismartera_core.system.recorded.taped_control import TapedControl
from mismartera_core.threads.analysis_engine import AroundReplay, Replay
from mismartera_core.threads.plan import LivePlan

T = TypeVar("T")


class LiveTape:
    """Passes the inputs of a session on, and writes them down as the engine takes them.

    Args:
        recorder: Writes.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._mailbox = Mailbox()
        self._asked = 0

    def take(self, track: str, kind: str, asked: Any, make: Callable[[], T]) -> T:
        """One input; see `Tape`."""
        return self.recorder.take(track, kind, asked, make)

    def reading(self, kind: str, read: Callable[[], T]) -> Callable[[], T]:
        """Something the engine reads of the world."""
        return lambda: self.recorder.take(tracks.here(), kind, None, read)

    def provider(self, make: Callable[[], DataProvider]) -> DataProvider:
        """The data provider, its answers recorded."""
        return TapedProvider(self, make())

    def venue(self, make: Callable[[], VenueBroker]) -> VenueBroker:
        """The venue's adapter, its answers recorded; what it tells waits for the engine's turn."""
        return TapedVenue(self, make(), self._hear)

    def calls(self, prefix: str, make: Callable[[], Any]) -> Any:
        """An object of which every call is recorded, such as a journal."""
        return TapedCalls(self, prefix, make())

    def changing(self, kind: str, read: Callable[[], T]) -> Callable[[], T]:
        """Something that is read often and changes seldom: only changes are recorded."""
        last: list[Any] = [0, None]

        def look() -> T:
            value = read()
            last[0] += 1
            found = encode(value)
            if last[0] == 1 or found != last[1]:
                self.recorder.write(tracks.CHANGING + kind, kind, last[0], found)
                last[1] = found
            return value

        return look

    def control(self, make: Callable[[], Any]) -> Any:
        """The state of risk as the engine asks for it; other threads use what `make` makes."""
        return TapedControl(self, make())

    def fetcher(self, make: Callable[[], Asking]) -> Asking:
        """Who asks the venue aside; the answers wait for the engine's turn."""
        return _Recorded(self, make())

    def live(self, plan: LivePlan) -> LivePlan:
        """The plan with its steps recorded."""

        def listen(queue: Queue[Any]) -> int:
            return self.take(tracks.COORDINATOR, tracks.LISTEN, None, partial(plan.listen, queue))

        def record(step: LiveStep) -> None:
            self.recorder.write(tracks.COORDINATOR, tracks.STEP, None, step_values(step))
            plan.record(step)

        return replace(plan, listen=listen, record=record)

    def player(self, player: Replay) -> Replay:
        """The player with its turns recorded."""
        return _RecordedPlayer(player, self)

    def on_news(self, wake: Callable[[], None]) -> None:
        """Have `wake` called when something waits for the engine's turn."""
        self._mailbox.wake = wake

    def turns(self) -> None:
        """The world decides."""

    def empty_mailbox(self) -> None:
        """Hand over what came since the last turn."""
        self._mailbox.empty()

    def keep_answer(
        self, number: int, then: Any, value: Any, error: Exception | None, put: Any
    ) -> None:
        """Keep an answer for the engine's turn."""

        def hand_over() -> None:
            self.recorder.note(tracks.ENGINE, tracks.ANSWER, (number, value, error))
            put(then, value, error)

        self._mailbox.put(hand_over)

    def _hear(self, emit: EmitVenue) -> EmitVenue:
        def hand_over(event: VenueEvent) -> None:
            self.recorder.note(tracks.ENGINE, tracks.EVENT, event)
            emit(event)

        return lambda event: self._mailbox.put(partial(hand_over, event))


class _RecordedPlayer(AroundReplay):
    """Writes down every turn of the engine before it is taken."""

    def __init__(self, player: Replay, tape: LiveTape) -> None:
        super().__init__(player)
        self._tape = tape
        self._digest = FrameDigest()

    def play(self, frame: Frame) -> int:
        self._tape.recorder.write(
            tracks.ENGINE, tracks.FRAME, frame.upto_ns, self._digest.of(frame)
        )
        return self._player.play(frame)

    def news(self, now_ns: int) -> bool:
        self._tape.empty_mailbox()
        self._tape.recorder.write(tracks.ENGINE, tracks.NEWS, now_ns, None)
        return self._player.news(now_ns)


class _Recorded:
    """Numbers questions, so that a replay knows which one an answer belongs to."""

    def __init__(self, tape: LiveTape, inner: Asking) -> None:
        self._tape = tape
        self._inner = inner
        self._asked = 0

    def start(self, put: Callable[[Any, Any, Exception | None], None]) -> None:
        def came(then: Any, value: Any, error: Exception | None) -> None:
            number, wanted = then
            self._tape.keep_answer(number, wanted, value, error, put)

        self._inner.start(came)

    def ask(self, call: Callable[[], Any], then: Any) -> None:
        self._asked += 1
        self._inner.ask(call, (self._asked, then))

    def close(self) -> None:
        self._inner.close()

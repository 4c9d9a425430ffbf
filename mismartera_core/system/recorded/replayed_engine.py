"""The fourth thread at a replay: its turns come from the recording."""

from __future__ import annotations

from typing import Any

from mismartera_core.repositories.recording_player import ReplayDiffers
from mismartera_core.system.recorded import tracks
from mismartera_core.system.recorded.session_tape import Turns
from mismartera_core.threads.analysis_engine import AnalysisEngine
from mismartera_core.threads.channel import Stopped


class ReplayedEngine(AnalysisEngine):
    """Takes frames and hears news in the order of the session.

    Args:
        turns: The order.
        *args: As of `AnalysisEngine`.
    """

    def __init__(self, turns: Turns, *args: Any) -> None:
        super().__init__(*args)
        self._turns = turns

    def work(self) -> None:
        """Take every turn; frames that the session did not come to are left."""
        while (turn := self._turns.next()) is not None:
            if self.stop.is_set():
                raise Stopped
            kind, at_ns = turn
            if kind == tracks.NEWS:
                self._player.news(at_ns)
                continue
            frame = self._source.get(self.metrics)
            if frame is None:
                raise ReplayDiffers("the session had a frame more than its steps give")
            self.handle(frame)
            self.metrics.frames += 1
        while self._source.get(self.metrics) is not None:
            self._ready.signal_ready()

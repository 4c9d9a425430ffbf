"""The recorded run that a session replays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mismartera_core.contracts.clock import WallClock
from mismartera_core.managers.time_manager.backtest_clock import BacktestClock
from mismartera_core.repositories.recording import Recording, read_recording
from mismartera_core.system.recorded.replay_tape import ReplayTape


@dataclass(frozen=True, slots=True)
class ReplayOf:
    """What a session needs to repeat a recorded one.

    Attributes:
        run_id: The recorded run.
        recording: Its recording.
        tape: Answers from it.
        wall: Stands where the wall clock stood when it began.
    """

    run_id: str
    recording: Recording
    tape: ReplayTape
    wall: WallClock

    @classmethod
    def of(cls, folder: Path) -> ReplayOf:
        """Read the recording of a run.

        Args:
            folder: The run folder.

        Raises:
            DataError: It has none, or it is damaged.
        """
        recording = read_recording(folder)
        wall = BacktestClock(recording.head["began_ns"])
        return cls(folder.name, recording, ReplayTape(recording), wall)

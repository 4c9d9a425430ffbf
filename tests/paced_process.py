"""A live session in a process of its own, whose wall clock is a venue's in another process.

Two numbers in a file that both map: where the venue's clock stands, and the step that the session
has decided on last.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import threading
from pathlib import Path
from time import monotonic
from typing import ClassVar

from mismartera_core import PortfolioStrategy, Strategy

WHERE = "MISMARTERA_TEST_PACE"
"""Environment: the file."""


class SharedPace:
    """The file; a `Pace` of `live_day`, and a wall clock."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(16))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 16)

    @property
    def now_ns(self) -> int:
        """The venue's clock."""
        return self._read(0)

    def set(self, now_ns: int) -> None:
        """The venue's clock goes on."""
        self._map[:8] = struct.pack("<q", max(now_ns, self._read(0)))

    def reached(self, now_ns: int) -> None:
        """A step has been decided on."""
        self._map[8:] = struct.pack("<q", max(now_ns, self._read(1)))

    def wait(self, for_ns: int, seconds: float, over: threading.Event) -> bool:
        """Wait for a step; whether it has come, or nobody waits any more."""
        until = monotonic() + seconds
        while self._read(1) < for_ns and not over.is_set() and monotonic() < until:
            over.wait(0.001)
        return self._read(1) >= for_ns or over.is_set()

    def release(self) -> None:
        """Whoever waits looks often by himself."""

    def _read(self, number: int) -> int:
        return struct.unpack_from("<q", self._map, 8 * number)[0]


class Pacemaker(PortfolioStrategy):
    """Trades nothing; tells that a step has been decided on."""

    pace: ClassVar[SharedPace | None] = (
        SharedPace(Path(os.environ[WHERE])) if (WHERE in os.environ) else None
    )

    def on_step(self, step) -> None:
        if self.pace is not None:
            self.pace.reached(step.now_ns)


class Stumbler(Strategy):
    """Bids far below the market at every bar; takes too long for its first ones of a day."""

    late = 0

    def on_bar(self, bar) -> None:
        self.buy(1, limit=round(bar.close * 0.5, 2))
        if self.symbol == "AAPL" and self.now.hour < 10 and self.late < 3:
            self.late += 1
            threading.Event().wait(0.3)


PLUGIN = """
from mismartera_core import StrategyReg, hookimpl

@hookimpl
def mismartera_strategies():
    return [
        StrategyReg(name="pacemaker", factory="paced_process:Pacemaker"),
        StrategyReg(name="stumbler", factory="paced_process:Stumbler"),
    ]
"""


def install(site: Path) -> Path:
    """Make a folder for `sys.path` that has the pacemaker as a plugin."""
    site.mkdir(parents=True)
    (site / "paced_process.py").write_text(Path(__file__).read_text())
    (site / "pace_plugin.py").write_text(PLUGIN)
    info = site / "pace_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pace-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mismartera]\npace = pace_plugin\n")
    return site


def main() -> None:
    """Run a session config at the venue's time."""
    from mismartera_core import Session

    config = json.loads(Path(sys.argv[1]).read_text())
    Session(config, wall=SharedPace(Path(os.environ[WHERE]))).run()


if __name__ == "__main__":
    main()

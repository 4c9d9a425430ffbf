"""One compiled run of W3 in a fresh process: what compilation costs, or its cache saves.

A smaller run is over sooner without numba, and does without it.
"""

from __future__ import annotations

import json
import time

from benchmarks.data import SHAPES, make
from benchmarks.ours import CASH, SignalCross
from mismartera_core import backtest

if __name__ == "__main__":
    frames = make(SHAPES["W3"]).frames
    start = time.perf_counter()
    backtest(frames, SignalCross, cash=CASH, leverage=None)
    print(json.dumps({"seconds": time.perf_counter() - start}))

import types

import numpy as np
import pytest
from live_oracle import desks
from recorded_sessions import Made

from mismartera_core import IndicatorReg, hookimpl

__all__ = ["desks"]


def mean(bars, length):
    """A moving average."""
    out = np.full(len(bars), np.nan)
    if len(bars) >= length:
        out[length - 1 :] = np.convolve(bars.close, np.full(length, 1 / length), "valid")
    return {"value": out}


@pytest.fixture
def mean_plugin():
    plugin = types.ModuleType("mean")

    @hookimpl
    def mismartera_indicators():
        return [IndicatorReg(name="mean", category="trend", factory=mean)]

    plugin.mismartera_indicators = mismartera_indicators
    return {"mean": plugin}


@pytest.fixture
def live(tmp_path, monkeypatch, mean_plugin, request):
    """Makes live sessions that are recorded, and held to the oracle of faults."""
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    request.getfixturevalue("desks")  # it reads the journal before the place is forgotten
    return Made(tmp_path, mean_plugin)

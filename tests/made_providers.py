"""Data providers in memory, to be made better or worse by a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from pydantic import BaseModel, SecretStr

from mismartera_core import DataProviderReg
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import MINUTE
from mismartera_core.testing import MemoryProvider, session_table

TABLE = session_table(date(2024, 10, 31), date(2024, 11, 5))
"""With the end of daylight saving time."""


def minutes(shift=0):
    """The first hour of each session."""
    ts = np.concatenate([opened + np.arange(60) * MINUTE for opened in TABLE.open_ns]) + shift
    close = 100.0 + np.arange(len(ts)) % 7
    volume = np.full(len(ts), 500.0)
    return BarColumns.build(ts, close, close + 1, close - 1, close, volume, interval_ns=MINUTE)


class Sound(MemoryProvider):
    """Breaks nothing."""

    def __init__(self, bars=None):
        super().__init__({"AAA": bars or minutes(), "BBB": minutes()})


def registered(factory, **changes):
    capabilities = replace(MemoryProvider({}).capabilities, stream=False)
    record = DataProviderReg(
        name="made", factory=factory, summary="Made by a test", capabilities=capabilities
    )
    return replace(record, **changes)


def made_by(cls):
    return registered(lambda config, context: cls())


class ClosedConfig(BaseModel):
    api_key: SecretStr = SecretStr("none")

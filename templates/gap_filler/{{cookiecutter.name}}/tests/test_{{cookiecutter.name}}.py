"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from mismartera_core import GapFiller, GapFillerReg, interval_ns
from mismartera_core.testing import GapFillerConformance, live_day, market_bars, session_table

from {{ cookiecutter.name }}.plugin import mismartera_gap_fillers

MINUTE = interval_ns("1m")


class Test{{ cookiecutter.__class }}(GapFillerConformance):
    @pytest.fixture
    def registration(self) -> GapFillerReg:
        (record,) = mismartera_gap_fillers()
        return record

    def test_a_live_session_takes_what_it_fills(self, made: GapFiller, tmp_path: Path) -> None:
        """Ten minutes of a half day are lost, then asked for; the run tells what came."""
        path = Path(__file__).parents[1] / "session.json"
        config = json.loads(path.read_text(encoding="utf-8")) | {"risk": [{"name": "standard"}]}
        symbols = config["session_data_config"]["symbols"]
        days = session_table(date(2012, 11, 21), date(2012, 11, 23))
        bars = market_bars(symbols, days, missing=0.0)
        gaps = live_day(config, bars, tmp_path, lost=range(60, 70)).gaps
        filled = gaps[gaps["state"] == "filled"]
        start = int(days.open_ns[-1]) + 60 * MINUTE
        known = [len(made.fill(symbol, "1m", start, start + 10 * MINUTE)) for symbol in symbols]
        assert filled["bars"].sum() == sum(known)

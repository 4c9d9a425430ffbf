"""Where bars come from is noted with them, shown with their quality, and said where it is mixed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from mismartera_core import DataProvider, Origin
from mismartera_core.config.loading import config_from
from mismartera_core.config.settings import Settings
from mismartera_core.model.intervals import MINUTE
from mismartera_core.registry import Registry
from mismartera_core.repositories.bar_store import BarStore
from mismartera_core.repositories.bar_store_format import Provenance
from mismartera_core.services.origins import Origins
from mismartera_core.system.session import Session
from mismartera_core.testing import MemoryProvider, session_table, walk_bars

TABLE = session_table(date(2024, 7, 1), date(2024, 7, 3))
BARS = walk_bars(TABLE, seed=4)
END = int(BARS.ts[-1]) + 1
IEX = Provenance(source="vendor", feed="iex", adjustment="raw", imported_at_ns=7)
SIP = Provenance(source="vendor", feed="sip", adjustment="raw", imported_at_ns=8)
FILLED = Provenance(source="second", feed="iex", adjustment="raw", filled=True)


def day(number):
    return BARS.take(BARS.session == number)


def corrected(bars):
    """The same bars with more volume: a row that does not differ stays what it was."""
    return replace(bars, volume=bars.volume + 1.0)


@pytest.fixture
def store(tmp_path):
    return BarStore(tmp_path / "runtime" / "data")


def run(tmp_path, symbol="AAA", **changes):
    """A run over the three sessions with what is in the store."""
    config = config_from(
        {
            "session_name": "origins",
            "mode": "backtest",
            "exchange_group": "US_EQUITY",
            "asset_class": "EQUITY",
            "data_provider": {"name": "parquet"},
            "session_data_config": {"symbols": [symbol], "streams": ["bars_1m"]},
            "backtest_config": {"start_date": "2024-07-01", "end_date": "2024-07-03"},
            "strategies": [{"name": "sma_cross"}],
            "broker": {"name": "simulated", "config": {"cash": "100000"}},
            **changes,
        }
    )
    settings = Settings(runtime_dir=tmp_path / "runtime")
    return Session(config, settings=settings, registry=Registry.discover()).run()


def test_a_file_of_one_origin_is_one_range(store):
    store.write_bars("AAA", "1m", BARS, IEX)
    (found,) = store.origins("AAA", "1m", 0, END)
    assert (found.start_ns, found.end_ns) == (int(BARS.ts[0]), END)
    assert (found.source, found.feed, found.adjustment) == ("vendor", "iex", "raw")
    assert (found.fetched_at_ns, found.filled, found.simulated) == (7, False, False)
    assert store.origins("AAA", "1m", END, END + 1) == []


def test_rows_of_several_origins_are_told_run_by_run(store):
    store.write_bars("AAA", "1m", BARS, IEX)
    store.write_bars("AAA", "1m", corrected(BARS.slice(10, 20)), SIP)
    store.write_bars("AAA", "1m", BARS.slice(15, 17), FILLED)
    found = store.origins("AAA", "1m", 0, END)
    edges = [(it.start_ns, it.end_ns - 1, it.source, it.feed) for it in found]
    rows = [(0, 9), (10, 14), (15, 16), (17, 19), (20, len(BARS) - 1)]
    names = [("vendor", "iex"), ("vendor", "sip"), ("second", "iex"), ("vendor", "sip")]
    names.append(("vendor", "iex"))
    assert edges == [
        (int(BARS.ts[low]), int(BARS.ts[high]), *name)
        for (low, high), name in zip(rows, names, strict=True)
    ]


def test_the_quality_of_a_run_shows_the_origin_of_each_session(store, tmp_path):
    store.write_bars("AAA", "1m", day(0), IEX)
    store.write_bars("AAA", "1m", day(1), SIP)
    store.write_bars("AAA", "1m", day(2), IEX)
    store.write_bars("AAA", "1m", corrected(day(2).slice(3, 8)), FILLED)
    made = run(tmp_path)
    shown = made.quality[["source", "feed", "adjustment", "filled"]].to_numpy().tolist()
    assert shown == [
        ["vendor", "iex", "raw", 0],
        ["vendor", "sip", "raw", 0],
        ["vendor + second", "iex", "raw", 5],
    ]
    (note,) = [it for it in made.record.notes if "mixed" in it]
    assert note.startswith("AAA: feeds iex and sip are mixed in one series")


def test_one_feed_is_no_news(store, tmp_path):
    store.write_bars("AAA", "1m", BARS, IEX)
    made = run(tmp_path)
    assert not [it for it in made.record.notes if "mixed" in it]
    assert set(made.quality["feed"]) == {"iex"}


def test_many_mixed_series_are_not_a_page_of_notes(store, tmp_path):
    names = [f"A{number}" for number in range(8)]
    for name in names:
        store.write_bars(name, "1m", day(0), IEX)
        store.write_bars(name, "1m", day(1), SIP)
    data = {"symbols": names, "streams": ["bars_1m"]}
    notes = [it for it in run(tmp_path, session_data_config=data).record.notes if "series" in it]
    assert len(notes) == 6
    assert notes[-1] == "and 3 more such series"


UNKNOWN = Origin(start_ns=0, end_ns=9, source="memory")


def ranges(*values):
    return [
        Origin(start_ns=at * MINUTE, end_ns=(at + 1) * MINUTE, source="x", **value)
        for at, value in enumerate(values)
    ]


def test_a_provider_that_cannot_tell_is_named():
    assert DataProvider.provenance(MemoryProvider({}), "AAA", "1m", 0, 1) == ()
    assert Origins(UNKNOWN, {"AAA": ()}).of("AAA", 0, 1) is UNKNOWN
    assert Origins(UNKNOWN).mixed() == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([{"feed": "iex"}, {"feed": "iex"}], []),
        ([{"feed": "iex"}, {"feed": "sip"}], ["feeds iex and sip"]),
        ([{"feed": ""}, {"feed": "sip"}], ["feeds unknown and sip"]),
        ([{"adjustment": "raw"}, {"adjustment": "all"}], ["adjustments all and raw"]),
        (
            [{"feed": "a", "adjustment": "raw"}, {"feed": "b", "adjustment": "all"}],
            ["feeds a and b", "adjustments all and raw"],
        ),
    ],
)
def test_what_is_mixed_is_said(values, words):
    notes = Origins(UNKNOWN, {"AAA": ranges(*values)}).mixed()
    assert len(notes) == len(words)
    assert all(part in note for part, note in zip(words, notes, strict=True))


def test_a_range_outside_of_all_that_is_known_is_the_providers():
    origins = Origins(UNKNOWN, {"AAA": ranges({"feed": "a"}, {"feed": "b"})})
    assert origins.of("AAA", 5 * MINUTE, 6 * MINUTE) is UNKNOWN
    assert origins.of("AAA", 0, MINUTE).feed == "a"
    assert origins.of("AAA", 0, 2 * MINUTE).feed == "a + b"
    assert origins.filled("AAA", np.arange(3) * MINUTE) == 0

"""The four threads in a run: phases in order, time counted, nobody left behind."""

import threading
from collections import defaultdict

import pytest

from mismartera_core import Session, hookimpl, load_run
from mismartera_core.config.settings import Settings
from mismartera_core.model.sessions import SessionPhase
from mismartera_core.registry import Registry
from mismartera_core.threads.stream_subscription import StreamSubscription

THREADS = ["SessionCoordinator", "DataProcessor", "DataQualityManager", "AnalysisEngine"]
PHASES = list(SessionPhase)


def config(**backtest):
    return {
        "session_name": "threads",
        "exchange_group": "US_EQUITY",
        "asset_class": "EQUITY",
        "mode": "backtest",
        "backtest_config": {
            "start_date": "2012-11-21",
            "end_date": "2012-11-27",
            "speed_multiplier": 0,
            **backtest,
        },
        "session_data_config": {"symbols": ["AAPL", "IBM"], "streams": ["bars_1m"]},
        "data_provider": {"name": "sample"},
        "strategies": [{"name": "sma_cross"}],
        "broker": {"name": "simulated", "config": {"cash": "100000", "leverage": None}},
    }


class Watcher:
    """An observer plugin that notes what it is told, and by which thread."""

    def __init__(self):
        self.phases = defaultdict(list)
        self.told = []
        self.by = defaultdict(set)

    def note(self, what, *facts):
        self.told.append((what, *facts))
        self.by[what].add(threading.current_thread().name)

    @hookimpl
    def mismartera_session_phase_changed(self, session, phase):
        self.note("phase")
        self.phases[session].append(phase)

    @hookimpl
    def mismartera_session_started(self, session):
        self.note("started", session)

    @hookimpl
    def mismartera_session_ended(self, session, equity, fills):
        self.note("ended", session, equity, fills)


@pytest.fixture
def watched(tmp_path):
    """Run a config under an observer: `run, watcher = watched(prefetch_days=1)`."""
    examples = Registry.discover()

    def go(**backtest):
        watcher = Watcher()
        registry = Registry.from_modules({**_modules(), "watcher": watcher})
        settings = Settings(runtime_dir=tmp_path)
        before = set(threading.enumerate())
        run = Session(config(**backtest), settings=settings, registry=registry).run()
        assert not set(threading.enumerate()) - before
        return run, watcher

    assert examples.problems == ()
    return go


def _modules():
    import mismartera_indicators.plugin
    import strategies_example.plugin

    return {"indicators": mismartera_indicators.plugin, "examples": strategies_example.plugin}


@pytest.mark.parametrize(
    "backtest",
    [{"prefetch_days": 1}, {"prefetch_days": 50}, {"speed_multiplier": 1e6}],
    ids=["one ahead", "all ahead", "paced"],
)
def test_every_session_goes_through_all_seven_phases_in_order(watched, backtest):
    run, watcher = watched(**backtest)
    assert len(PHASES) == 7
    assert list(watcher.phases) == list(run.record.sessions)
    assert all(phases == PHASES for phases in watcher.phases.values())
    assert watcher.by["phase"] == {"SessionCoordinator"}


def test_sessions_begin_and_end_in_turn_in_the_analysis_thread(watched):
    run, watcher = watched()
    told = [(what, facts[0]) for what, *facts in watcher.told if what != "phase"]
    expected = [(what, day) for day in run.record.sessions for what in ("started", "ended")]
    assert told == expected
    assert watcher.by["started"] == watcher.by["ended"] == {"AnalysisEngine"}
    *_, (_, _, equity, fills) = [event for event in watcher.told if event[0] == "ended"]
    assert equity == pytest.approx(run.summary["ending_equity"])
    assert fills == run.summary["fills"]


def test_every_thread_says_what_it_did_with_its_time(watched):
    run, _ = watched()
    threads = run.record.threads
    assert list(threads) == THREADS
    sessions, bars = run.summary["sessions"], run.summary["bars"]
    assert bars == 2 * (3 * 390 + 210), "one of the four days is a half day"
    for name, counted in threads.items():
        assert counted["frames"] == sessions, name
        assert counted["busy"] > 0, name
        assert counted["waiting"] >= 0, name
        assert counted["busy"] + counted["waiting"] <= run.record.seconds * 1.5 + 0.05, name
    assert {threads[n]["bars"] for n in THREADS[1:]} == {bars}
    assert load_run(run.folder).record.threads == threads


def test_in_a_paced_run_a_frame_is_a_step(watched):
    run, _ = watched(speed_multiplier=1e6, end_date="2012-11-23")
    counted = run.record.threads
    assert counted["AnalysisEngine"]["frames"] == 390 + 210
    assert counted["SessionCoordinator"]["waiting"] > 0


def test_a_paced_run_that_falls_behind_counts_overruns_and_loses_nothing(watched, monkeypatch):
    whole = watched(end_date="2012-11-23")[0]
    monkeypatch.setattr(StreamSubscription, "signal_ready", lambda self: None)
    run, _ = watched(speed_multiplier=1e6, end_date="2012-11-23")
    assert run.record.threads["DataProcessor"]["overruns"] > 0
    assert run.trade_hash == whole.trade_hash


def test_a_run_may_be_started_from_any_thread(watched):
    results = []
    thread = threading.Thread(target=lambda: results.append(watched()[0].trade_hash))
    thread.start()
    thread.join(60)
    assert results == [watched()[0].trade_hash]

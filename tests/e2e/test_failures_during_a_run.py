"""What goes wrong during a run: who is to blame is said, and what was computed is kept."""

import json

import pytest
from failing_runs import CONFIG, check_readable, strategy
from failing_runs import config_file as config_file
from failing_runs import run as run
from installed_plugin import install as install

from mismartera_core import load_run
from mismartera_core.threads.analysis_engine import AnalysisEngine
from mismartera_core.threads.data_processor import DataProcessor
from mismartera_core.threads.data_quality_manager import DataQualityManager
from mismartera_core.threads.session_coordinator import SessionCoordinator

THIRD_DAY = "self.now.day == 3 and self.symbol == 'IBM'"


@pytest.mark.parametrize(
    "hook",
    [
        "setup",
        "on_session_start",
        "on_bar",
        "on_fill",
        "on_session_end",
    ],
)
def test_a_strategy_that_raises(run, install, hook):
    argument = {"on_bar": ", bar", "on_fill": ", fill"}.get(hook, "")
    lines = [f"def {hook}(self{argument}):", f"    if {THIRD_DAY}:", "        return 1 / 0"]
    if hook != "on_bar":
        lines += [
            "def on_bar(self, bar):",
            "    if self.position.is_flat:",
            "        self.buy(7)",
            "    else:",
            "        self.close()",
        ]
    install("mine", strategy(*lines))
    ended = run(strategies=[{"name": "mine"}])
    assert ended.code == 1, ended.err
    assert "strategy 'mine' on IBM raised ZeroDivisionError at 2012-10-03T" in ended.err
    assert "mine.py:" in ended.err, "names the file and line of the strategy"
    assert "return 1 / 0" in ended.err
    back = check_readable(ended)
    assert [str(day) for day in back.record.sessions][:2] == ["2012-10-01", "2012-10-02"]
    assert back.equity["equity"].iloc[-1] > 0
    assert (len(back.fills) > 0) == (hook != "on_bar")


@pytest.mark.parametrize("what", ["sys.exit(0)", "raise KeyboardInterrupt", "raise StopIteration"])
def test_a_strategy_cannot_end_the_program_as_if_all_were_well(run, install, what):
    install(
        "mine",
        "import sys\n"
        + strategy("def on_bar(self, bar):", f"    if {THIRD_DAY}:", f"        {what}"),
    )
    ended = run(strategies=[{"name": "mine"}])
    assert ended.code == 1, ended.err
    if "exit" in what:
        assert "strategy 'mine' on IBM raised SystemExit at 2012-10-03T" in ended.err
        assert "mine.py:" in ended.err
    check_readable(ended)


INDICATOR = """
import numpy as np
from mismartera_core import IndicatorReg

def compute(bars):
    {body}

class Mine(Strategy):
    def setup(self):
        self.odd = self.indicator("odd")
    def on_bar(self, bar):
        self.odd.value

@hookimpl
def mismartera_indicators():
    return [IndicatorReg(name="odd", category="trend", factory=compute, outputs=("odd",))]

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory=Mine)]
"""


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise ValueError('not enough data')", "indicator 'odd' raised ValueError: not enough"),
        ("return {'odd': np.zeros(len(bars) - 1)}", "indicator 'odd': expected"),
        ("return {'even': np.zeros(len(bars))}", "indicator 'odd': expected"),
        ("return None", "indicator 'odd'"),
    ],
)
def test_an_indicator_that_breaks_its_contract(run, install, body, sentence):
    install("mine", INDICATOR.format(body=body))
    ended = run(strategies=[{"name": "mine"}])
    assert ended.code == 4, ended.err
    assert sentence in ended.err
    check_readable(ended)


def test_a_provider_that_raises_in_the_middle(run, install):
    install(
        "feed",
        """
        from mismartera_core import DataProviderReg
        from mismartera_core.builtin.sample_provider import SampleProvider, SampleConfig
        from mismartera_core import ProviderCapabilities

        class Feed(SampleProvider):
            def load_bars(self, symbols, interval, start_ns, end_ns):
                if start_ns > 1349265600_000_000_000:  # 2012-10-03 12:00 UTC
                    raise TimeoutError("the server hung up")
                return super().load_bars(symbols, interval, start_ns, end_ns)

        def make(config, context):
            return Feed(SampleConfig(), context)

        @hookimpl
        def mismartera_data_providers():
            can = ProviderCapabilities(bars=("1m",))
            return [DataProviderReg(name="feed", factory=make, capabilities=can)]
        """,
    )
    ended = run(data_provider={"name": "feed"})
    assert ended.code == 4, ended.err
    assert "data provider 'feed' raised TimeoutError: the server hung up" in ended.err
    assert len(check_readable(ended).record.sessions) >= 1


def test_a_risk_check_that_raises_is_blamed_itself(run, install):
    install(
        "nervous",
        """
        from mismartera_core import RiskCheckReg

        class Nervous:
            def check(self, request, account):
                raise LookupError("no limit for IBM")

        @hookimpl
        def mismartera_risk_checks():
            return [RiskCheckReg(name="nervous", factory=lambda config, context: Nervous())]
        """,
    )
    ended = run(risk=[{"name": "nervous"}])
    assert ended.code == 4, ended.err
    assert "risk check 'nervous' raised LookupError: no limit for IBM" in ended.err
    check_readable(ended)


def test_orders_a_risk_check_refuses_say_why_and_end_nothing(run):
    ended = run(risk=[{"name": "max_order_notional", "config": {"limit": 1}}])
    assert ended.code == 0, ended.err
    back = load_run(ended.folders[0])
    assert back.summary["fills"] == 0
    assert back.signals["reason"].str.startswith("risk max_order_notional: ").all()
    assert len(back.signals) > 0


def test_a_report_that_raises_comes_after_everything_is_written(run, install):
    install(
        "pretty",
        """
        from mismartera_core import ReportReg

        class Pretty:
            def write(self, run, folder):
                raise KeyError("template")

        @hookimpl
        def mismartera_reports():
            return [ReportReg(name="pretty", factory=lambda config, context: Pretty())]
        """,
    )
    ended = run(outputs=[{"name": "pretty"}])
    assert ended.code == 4, ended.err
    assert "report 'pretty' raised KeyError: 'template'" in ended.err
    assert ended.manifest["exit_state"] == "failed"
    assert load_run(ended.folders[0]).summary["sessions"] == 5


def test_data_below_the_quality_the_config_asks_for(run, install):
    install(
        "holes",
        """
        from mismartera_core import DataProviderReg, ProviderCapabilities
        from mismartera_core.builtin.sample_provider import SampleProvider, SampleConfig

        class Holes(SampleProvider):
            def load_bars(self, symbols, interval, start_ns, end_ns):
                found = super().load_bars(symbols, interval, start_ns, end_ns)
                return {s: bars.slice(0, len(bars) - 100) for s, bars in found.items()}

        @hookimpl
        def mismartera_data_providers():
            can = ProviderCapabilities(bars=("1m",))
            make = lambda config, context: Holes(SampleConfig(), context)
            return [DataProviderReg(name="holes", factory=make, capabilities=can)]
        """,
    )
    data = {**CONFIG["session_data_config"], "min_quality": 0.9}
    ended = run(data_provider={"name": "holes"}, session_data_config=data)
    assert ended.code == 3, ended.err
    assert "quality of 2012-10-01" in ended.err
    assert "min_quality" in ended.err
    check_readable(ended)


BARE = """
from mismartera_core import DataProviderReg, ProviderCapabilities
from mismartera_core.builtin.sample_provider import SampleProvider, SampleConfig

class Bare(SampleProvider):
    def coverage(self, symbol, interval):
        return None
    def load_bars(self, symbols, interval, start_ns, end_ns):
        found = super().load_bars(symbols, interval, start_ns, end_ns)
        {body}

@hookimpl
def mismartera_data_providers():
    can = ProviderCapabilities(bars=("1m",))
    return [DataProviderReg(
        name="bare", factory=lambda config, context: Bare(SampleConfig(), context), capabilities=can
    )]
"""


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("return {s: bars.slice(0, 0) for s, bars in found.items()}", "mismartera data ls"),
        (
            "return {s: replace(b, ts=b.ts + 8 * 3600 * 10**9) for s, b in found.items()}",
            "bars lie outside its sessions",
        ),
    ],
)
def test_a_run_without_one_bar_is_no_success(run, install, body, hint):
    install("bare", "from dataclasses import replace" + BARE.format(body=body))
    ended = run(data_provider={"name": "bare"})
    assert ended.code == 3, ended.err
    assert ended.err.startswith(
        "Error: data provider 'bare' has not one 1m bar of AAPL, IBM in the sessions of US_EQUITY "
        "from 2012-10-01 to 2012-10-05"
    )
    assert hint in ended.err
    assert check_readable(ended).summary["sessions"] == 5


@pytest.mark.parametrize(
    ("worker", "method"),
    [
        (SessionCoordinator, "_lead"),
        (DataProcessor, "handle"),
        (DataQualityManager, "handle"),
        (AnalysisEngine, "handle"),
    ],
)
@pytest.mark.parametrize("error", [RuntimeError("boom"), MemoryError()])
def test_a_thread_that_dies(run, monkeypatch, worker, method, error):
    whole = getattr(worker, method)
    calls = []

    def dies(self, *arguments):
        calls.append(1)
        if len(calls) == 3:
            raise error
        return whole(self, *arguments)

    monkeypatch.setattr(worker, method, dies)
    ended = run()
    assert ended.code == 70, ended.err
    assert type(error).__name__ in ended.err
    assert f"thread {worker.__name__}" in ended.err
    back = check_readable(ended)
    if worker is not DataQualityManager:  # it measures beside the others, who may be ahead of it
        assert len(back.record.sessions) <= 4
    log = [json.loads(line) for line in (ended.folders[0] / "log.jsonl").read_text().splitlines()]
    assert any("exception" in line for line in log), "the log has the traceback"


def test_an_observer_that_raises_changes_nothing(run, install):
    install(
        "gossip",
        """
        @hookimpl
        def mismartera_session_started(session):
            raise RuntimeError("who cares")
        """,
    )
    ended = run()
    assert ended.code == 0
    assert ended.err.count("who cares") == 1, "said once, in a line"
    assert load_run(ended.folders[0]).summary["sessions"] == 5

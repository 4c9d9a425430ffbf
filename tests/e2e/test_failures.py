"""Whatever goes wrong: one clear sentence, the right exit code, no thread left, nothing lost."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from installed_plugin import install as install

from mismartera_core import load_run
from mismartera_core.cli import main
from mismartera_core.threads.analysis_engine import AnalysisEngine
from mismartera_core.threads.data_processor import DataProcessor
from mismartera_core.threads.data_quality_manager import DataQualityManager
from mismartera_core.threads.session_coordinator import SessionCoordinator

MAIN = "import sys; from mismartera_core.cli import main; sys.exit(main(sys.argv[1:]))"
DAYS = {"start_date": "2012-10-01", "end_date": "2012-10-05", "speed_multiplier": 0}
CONFIG = {
    "session_name": "failing",
    "exchange_group": "US_EQUITY",
    "asset_class": "EQUITY",
    "mode": "backtest",
    "backtest_config": {**DAYS, "prefetch_days": 1},
    "session_data_config": {"symbols": ["AAPL", "IBM"], "streams": ["bars_1m"]},
    "data_provider": {"name": "sample"},
    "strategies": [{"name": "sma_cross"}],
    "broker": {"name": "simulated", "config": {"cash": "100000", "leverage": None}},
}
STRATEGY = """
class Mine(Strategy):
    {body}

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory=Mine)]
"""
THIRD_DAY = "self.now.day == 3 and self.symbol == 'IBM'"


class Ended:
    """What a command left behind."""

    def __init__(self, folder, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.folders = sorted((folder / "runtime/runs").glob("*"))

    @property
    def manifest(self):
        (folder,) = self.folders
        return json.loads((folder / "manifest.json").read_text())


@pytest.fixture
def config_file(tmp_path):
    """Write a session config with changes: `config_file(mode="live")`."""

    def write(**changes):
        file = tmp_path / "session.json"
        file.write_text(json.dumps(CONFIG | changes))
        return file

    return write


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, config_file):
    """Run a config in an empty folder; no thread may be left."""
    monkeypatch.chdir(tmp_path)
    before = set(threading.enumerate())

    def go(*words, **changes):
        code = main(["run", *map(str, words or (config_file(**changes),))])
        assert set(threading.enumerate()) == before
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ended(tmp_path, code, out, err)

    return go


def strategy(*lines):
    return STRATEGY.format(body="\n    ".join(lines))


def check_readable(ended, state="failed"):
    """The folder says how the run ended, and what was computed can be read."""
    manifest = ended.manifest
    assert manifest["exit_state"] == state
    assert manifest["error"]
    back = load_run(ended.folders[0])
    assert back.summary["error"] == manifest["error"]
    assert str(ended.folders[0].name) in ended.err
    assert main(["runs", "show", str(ended.folders[0])]) == 0
    return back


# Before a run begins: no run folder


@pytest.mark.parametrize(
    ("changes", "code", "sentences"),
    [
        ({"strategeis": []}, 2, ["strategeis: unknown; did you mean 'strategies'?"]),
        ({"mode": "backtst"}, 2, ["mode"]),
        ({"exchange_group": "MOON"}, 2, ["MOON", "US_EQUITY"]),
        (
            {"session_data_config": {"symbols": ["AAPLE"], "streams": ["bars_1m"]}},
            3,
            ["AAPLE", "AAPL"],
        ),
        ({"strategies": [{"name": "sma_crss"}]}, 2, ["sma_crss", "did you mean 'sma_cross'?"]),
        ({"data_provider": {"name": "smaple"}}, 2, ["smaple", "did you mean 'sample'?"]),
        ({"strategies": [{"name": "sma_cross", "params": {"fasst": 3}}]}, 2, ["fasst", "fast"]),
    ],
)
def test_what_is_wrong_in_a_config(run, changes, code, sentences):
    ended = run(**changes)
    assert ended.code == code
    assert all(sentence in ended.err for sentence in sentences), ended.err
    assert ended.folders == []
    assert ended.out == ""


def test_a_config_that_is_not_there(run):
    ended = run("nowhere.json")
    assert (ended.code, ended.folders) == (2, [])
    assert "nowhere.json" in ended.err


def test_data_that_were_never_imported(run):
    ended = run(data_provider={"name": "parquet"})
    assert ended.code == 3
    assert "expected bars of 'AAPL' in runtime/data, found none" in ended.err
    assert "Try: import it: mismartera data import" in ended.err


def test_a_plugin_that_cannot_be_imported(run, install):
    install("shattered", "import a_library_nobody_has")
    ended = run(strategies=[{"name": "mine"}])
    assert ended.code in (2, 4)
    assert "shattered" in ended.err
    assert ended.folders == []


def test_a_plugin_whose_factory_raises(run, install):
    install(
        "leaky",
        """
        from mismartera_core import RiskCheckReg

        def make(config, context):
            raise RuntimeError("no licence file")

        @hookimpl
        def mismartera_risk_checks():
            return [RiskCheckReg(name="leaky", factory=make)]
        """,
    )
    ended = run(risk=[{"name": "leaky"}])
    assert (ended.code, ended.folders) == (4, [])
    assert "risk check 'leaky' raised RuntimeError: no licence file" in ended.err


def test_a_strategy_that_raises_when_it_is_made(run, install):
    install(
        "mine",
        strategy(
            "def __init__(self, params, context):",
            "    raise ValueError('no model file')",
        ),
    )
    ended = run(strategies=[{"name": "mine"}])
    assert (ended.code, ended.folders) == (1, [])
    assert "mine raised ValueError when it was made: no model file" in ended.err
    assert "raise ValueError('no model file')" in ended.err


# During a run: what was computed is kept


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


# The disk


@pytest.mark.parametrize("limit", [50, 800, 3_000, 20_000, 60_000])
def test_a_disk_that_is_full(tmp_path, config_file, limit):
    """No file may grow beyond the limit, as on a file system that has no room."""
    file = config_file()
    full = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
    memory = {"MISMARTERA_DATABASE_URL": "sqlite://"}
    done = mismartera(tmp_path, "run", file, main=f"{full} {MAIN}", **memory)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("Error: could not write"), done.stderr
    assert "Try: free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert mismartera(tmp_path, "runs", "ls").returncode == 0
    (folder,) = (tmp_path / "runtime/runs").iterdir()
    if limit >= 3_000:
        assert json.loads((folder / "manifest.json").read_text())["exit_state"] == "failed"
        back = load_run(folder)
        assert back.summary["sessions"] == 5
        assert mismartera(tmp_path, "runs", "show").returncode == 0


def test_a_disk_that_is_full_before_the_database_is_open(tmp_path, config_file):
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));"
    done = mismartera(tmp_path, "run", config_file(), main=f"{full} {MAIN}")
    assert done.returncode == 3
    assert "Error: the database" in done.stderr
    assert "disk" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_that_cannot_be_written(tmp_path, config_file):
    (tmp_path / "runtime").write_text("a file where the folder would be")
    done = mismartera(tmp_path, "run", config_file())
    assert done.returncode in (1, 2, 3)
    assert "runtime" in done.stderr
    assert "Traceback" not in done.stderr
    assert "nobody foresaw" not in done.stderr


def test_a_damaged_data_file(tmp_path, config_file):
    day = "2024-01-02T14:{:02d}:00Z,10,11,9,10,100"
    rows = [day.format(minute) for minute in range(30, 60)]
    csv = tmp_path / "TEST.csv"
    csv.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n")
    done = mismartera(tmp_path, "data", "import", csv, "--symbol", "TEST", "--interval", "1m")
    assert done.returncode == 0, done.stderr
    stored = max((tmp_path / "runtime/data").rglob("*.parquet"))
    damaged = bytearray(stored.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    stored.write_bytes(damaged)
    file = config_file(
        backtest_config={"start_date": "2024-01-02", "end_date": "2024-01-02"},
        session_data_config={"symbols": ["TEST"], "streams": ["bars_1m"]},
        data_provider={"name": "parquet"},
    )
    done = mismartera(tmp_path, "run", file)
    assert done.returncode == 3, done.stderr
    assert stored.name in done.stderr
    assert "damaged" in done.stderr


# Signals

SLOW = {"backtest_config": {**DAYS, "speed_multiplier": 2000}}
"""Twelve seconds a session."""


def mismartera(folder, *words, main=MAIN, **env):
    return subprocess.run(
        [sys.executable, "-c", main, *map(str, words)],
        cwd=folder,
        env={**os.environ, "COLUMNS": "160", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def paced(tmp_path, config_file):
    """Start a paced run in a process of its own, and wait until it is under way."""
    started = []

    def start(changes=SLOW):
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "run", str(config_file(**changes))],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        for _ in range(600):
            if list(tmp_path.glob("runtime/runs/*/log.jsonl")) or process.poll() is not None:
                break
            threading.Event().wait(0.05)
        assert process.poll() is None, process.communicate()
        threading.Event().wait(0.3)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [
        (signal.SIGINT, 130, "stopped by the user"),
        (signal.SIGTERM, 143, "stopped by the system (SIGTERM)"),
    ],
)
def test_a_signal_stops_a_run_in_order(tmp_path, paced, number, code, sentence):
    process = paced()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    ended = Ended(tmp_path, process.returncode, out, err)
    assert (ended.code, ended.out) == (code, "")
    assert err.startswith(f"Error: {sentence}\n")
    back = check_readable(ended, "interrupted")
    assert [str(day) for day in back.record.sessions] == ["2012-10-01"]
    assert (ended.folders[0] / "fills.parquet").exists()


SLEEPY = strategy(
    "def on_bar(self, bar):",
    "    if not self.position.quantity: self.buy(1)",
    "    time.sleep(0.02)",
)
SLEEPY_FOR_ALL = """
class Mine(PortfolioStrategy):
    targets = "shares"
    def on_step(self, step):
        time.sleep(0.04)
        return np.ones(2)

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory=Mine)]
"""
SLEEPY_INDICATOR = """
from pydantic import BaseModel
from mismartera_core import IndicatorReg

class Params(BaseModel):
    number: int = 0

def compute(bars, number):
    time.sleep(0.05)
    return {"odd": np.zeros(len(bars))}

class Mine(Strategy):
    def setup(self):
        for number in range(200):
            self.indicator("odd", number=number)

@hookimpl
def mismartera_indicators():
    odd = {"category": "trend", "factory": compute, "outputs": ("odd",), "config_model": Params}
    return [IndicatorReg(name="odd", **odd)]

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory=Mine)]
"""


@pytest.mark.parametrize(
    ("source", "fills"), [(SLEEPY, 2), (SLEEPY_FOR_ALL, 2), (SLEEPY_INDICATOR, 0)]
)
def test_a_signal_is_heard_within_a_session(tmp_path, paced, install, monkeypatch, source, fills):
    """Each of these takes a quarter of a minute or more for a session, which is one frame."""
    install("mine", "import time\nimport numpy as np\n" + source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    process = paced({"strategies": [{"name": "mine"}]})
    threading.Event().wait(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=6)
    ended = Ended(tmp_path, process.returncode, out, err)
    assert (ended.code, ended.out) == (130, "")
    assert err.startswith("Error: stopped by the user\n")
    back = check_readable(ended, "interrupted")
    assert [str(day) for day in back.record.sessions] == ["2012-10-01"] * bool(fills)
    assert len(back.fills) == fills


def test_two_impatient_ctrl_c_lose_nothing(tmp_path, paced):
    process = paced()
    process.send_signal(signal.SIGINT)
    threading.Event().wait(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    ended = Ended(tmp_path, process.returncode, out, err)
    assert ended.code == 130
    assert "Traceback" not in err
    check_readable(ended, "interrupted")


def test_the_third_ctrl_c_leaves_even_where_a_strategy_hangs(tmp_path, paced, install):
    install("mine", strategy("def on_bar(self, bar):", "    while True:", "        pass"))
    site = str(tmp_path / "site")
    os.environ["PYTHONPATH"] = site
    try:
        process = paced({"strategies": [{"name": "mine"}]})
    finally:
        del os.environ["PYTHONPATH"]
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        threading.Event().wait(0.5)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "once more" in err
    assert "Traceback" not in err
    (folder,) = (tmp_path / "runtime/runs").iterdir()
    assert json.loads((folder / "manifest.json").read_text())["exit_state"] == "interrupted"
    assert Path(folder / "config.json").exists()

"""Plugins broken on purpose: each is named, explained and kept apart; the others go on."""

import json
from pathlib import Path

import pytest

from mismartera_core.cli import main
from mismartera_core.config.settings import Settings
from mismartera_core.registry import Policy, Registry
from mismartera_core.system.session import Session

QUICKSTART = Path(__file__).parents[3] / "session_configs/quickstart.json"
STRATEGIES = "@hookimpl\ndef mismartera_strategies():\n"

GOOD = """
from mismartera_core import Strategy

class Mine(Strategy):
    def on_session_start(self):
        self.buy(1)

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory=Mine, summary="Mine")]
"""

BROKEN = {
    "import_error": (
        "raise RuntimeError('at import')",
        (),
        "broken",
        "cannot be imported: RuntimeError: at import",
        "ask its author",
    ),
    "missing_sdk": (
        "import no_such_sdk",
        (),
        "broken",
        "No module named 'no_such_sdk'",
        "install the package that brings 'no_such_sdk'",
    ),
    "misspelt_hook": (
        "def mismartera_stratgies():\n    return []",
        (),
        "broken",
        "implements 'mismartera_stratgies', which is no hook",
        "did you mean 'mismartera_strategies'",
    ),
    "wrong_signature": (
        "@hookimpl\ndef mismartera_check_config(config, session):\n    return []",
        (),
        "broken",
        "mismartera_check_config(config, session) takes 'session', which the host does not give",
        "it is given config; see docs/hooks.md",
    ),
    "raises": (
        STRATEGIES + "    raise KeyError('x')",
        (),
        "broken",
        "mismartera_strategies raised KeyError: 'x'",
        "report it",
    ),
    "hangs": (
        "import threading\n" + STRATEGIES + "    threading.Event().wait(20)\n    return []",
        (),
        "broken",
        "within 1 s in mismartera_strategies (still in thread 'plugin hangs', at hangs.py:6)",
        "mismartera plugins disable hangs",
    ),
    "hangs_at_import": (
        "import threading\nthreading.Event().wait(20)",
        (),
        "broken",
        "does not answer within 1 s while it is imported",
        "mismartera plugins disable hangs_at_import",
    ),
    "invalid_config_model": (
        STRATEGIES + "    return [StrategyReg(name='bare', factory='x:X', config_model=dict)]",
        (),
        "broken",
        "'bare': expected a pydantic model as config model, was <class 'dict'>",
        "report it",
    ),
    "unknown_type_in_config": (
        "from pydantic import BaseModel\nclass C(BaseModel):\n    x: 'Nowhere'\n"
        + STRATEGIES
        + "    return [StrategyReg(name='odd', factory='x:X', config_model=C)]",
        (),
        "broken",
        "config model C has a type that is unknown",
        "report it",
    ),
    "future_core": (
        "raise RuntimeError('never imported')",
        ("mismartera-core>=99,<100",),
        "refused",
        "asks for mismartera-core >=99,<100, installed is",
        "install a version of future_core that works with mismartera-core",
    ),
}
TWICE = STRATEGIES + "    return [StrategyReg(name='taken', factory='x:X')]"
QUICK = Policy(seconds=1.0)


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_named_and_explained_and_the_good_one_works(install, name):
    code, requires, status, reason, hint = BROKEN[name]
    install(name, code, requires=requires)
    install("good", GOOD)
    registry = Registry.discover(allow=(name, "good"), policy=QUICK)
    (problem,) = registry.problems
    assert (problem.plugin, problem.version) == (name, "1.2")
    assert reason in problem.reason
    assert hint in problem.hint
    assert "\n" not in problem.reason
    assert {it.name: it.status for it in registry.plugins()} == {
        "builtin": "ok",
        name: status,
        "good": "ok",
    }
    assert registry.get("strategy", "mine").summary == "Mine"


def test_a_session_runs_beside_all_of_them(install, tmp_path):
    for name, (code, requires, *_) in BROKEN.items():
        install(name, code, requires=requires)
    install("first", TWICE)
    install("second", TWICE)
    install("good", GOOD)
    names = (*BROKEN, "first", "second", "good")
    registry = Registry.discover(allow=names, policy=QUICK)
    assert {it.plugin for it in registry.problems} == {*BROKEN, "second"}
    assert "'taken' is offered by first and by second" in str(registry.problems)
    config = json.loads(QUICKSTART.read_text()) | {"strategies": [{"name": "mine"}]}
    run = Session(config, Settings(runtime_dir=tmp_path), registry).run()
    assert len(run.fills) > 0


def test_what_a_broken_plugin_offers_is_in_nobodys_way(install):
    install("halfway", STRATEGIES + "    yield StrategyReg(name='mine', factory='x:X')\n    1 / 0")
    install("good", GOOD)
    registry = Registry.discover(allow=("halfway", "good"))
    assert registry.get("strategy", "mine").summary == "Mine"
    assert {
        (it.plugin.name, it.status) for it in registry.offers() if it.record.name == "mine"
    } == {
        ("good", "ok"),
        ("halfway", "broken"),
    }


INDICATOR = """
import numpy as np
from mismartera_core import IndicatorReg

def compute(bars):
    {body}

@hookimpl
def mismartera_indicators():
    return [IndicatorReg(name="{name}", category="trend", factory=compute, summary="Odd")]
"""
PROVIDER = """
from dataclasses import replace
import numpy as np
from mismartera_core.builtin.sample_provider import SampleProvider
from mismartera_core import DataProviderReg, ProviderCapabilities

class Holes(SampleProvider):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        bars = super().get_bars(symbol, interval, start_ns, end_ns)
        close = bars.close.copy()
        close[::7] = np.nan
        return replace(bars, close=close)

@hookimpl
def mismartera_data_providers():
    return [
        DataProviderReg(
            name="nan_prices", factory=Holes, summary="Prices with holes",
            config_model="mismartera_core.builtin.sample_provider:SampleConfig",
            capabilities=ProviderCapabilities(bars=("1m", "1d"), simulated=True, complete=True),
        )
    ]
"""
CAUGHT = {
    "non_causal": (
        INDICATOR.format(
            name="non_causal", body='return {"value": np.append(bars.close[1:], np.nan)}'
        ),
        "cutting the future changes nothing",
        "'value' at row 0",
    ),
    "writes_columns": (
        INDICATOR.format(
            name="writes_columns",
            body='bars.close[0] = 1.0; return {"value": bars.open}',
        ),
        "it writes to no column",
        "close at row 0",
    ),
    "nan_prices": (PROVIDER, "prices are possible", "1m bars of"),
}


@pytest.mark.parametrize("name", CAUGHT)
def test_the_suite_catches_what_only_shows_in_use(install, capsys, monkeypatch, tmp_path, name):
    code, promise, found = CAUGHT[name]
    install(name, code)
    monkeypatch.chdir(tmp_path)
    assert main(["plugins", "check", name, "--json"]) == 4
    (checked,) = json.loads(capsys.readouterr().out)["checked"]
    broken = {it["name"]: it["message"] for it in checked["promises"] if it["outcome"] == "failed"}
    assert promise in broken
    assert all(word in broken[promise] for word in ("Contract:", f"Found: {found}", "Cure:"))

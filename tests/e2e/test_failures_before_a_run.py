"""What is wrong before a run begins: one clear sentence, the right exit code, no run folder."""

import pytest
from failing_runs import config_file as config_file
from failing_runs import run as run
from failing_runs import strategy
from installed_plugin import install as install


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


@pytest.mark.parametrize(
    ("base", "who"), [("Strategy", "strategy 'mine' on AAPL"), ("PortfolioStrategy", "")]
)
@pytest.mark.parametrize(
    ("hook", "what"), [("setup(self)", "in setup"), ("__init__(self, *given)", "when it was made")]
)
@pytest.mark.parametrize(
    ("line", "raised"), [("return 1 / 0", "ZeroDivisionError"), ("sys.exit(0)", "SystemExit")]
)
def test_a_strategy_that_fails_before_the_first_bar(
    run, install, base, who, hook, what, line, raised
):
    mine = strategy(f"def {hook}:", f"    {line}").replace("(Strategy)", f"({base})")
    install("mine", f"import sys\nfrom mismartera_core import PortfolioStrategy\n{mine}")
    ended = run(strategies=[{"name": "mine"}])
    assert (ended.code, ended.folders) == (1, []), ended.err
    who = who if what == "in setup" else "mine"
    assert f"{who} raised {raised} {what}" in ended.err
    assert "mine.py:" in ended.err
    assert line in ended.err

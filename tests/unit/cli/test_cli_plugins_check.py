import json
import sys
from pathlib import Path

import pytest

GOOD = """
import numpy as np
from mismartera_core import IndicatorReg, hookimpl

def compute(bars):
    return {"value": (bars.high + bars.low) / 2}

@hookimpl
def mismartera_indicators():
    return [IndicatorReg(name="my_mid", category="trend", factory=compute, summary="Middle")]
"""
BAD = GOOD.replace("(bars.high + bars.low) / 2", "np.append(bars.close[1:], np.nan)")
TOKYO = """
from mismartera_core import DataProviderReg, ProviderCapabilities, hookimpl

def made(config, context):
    from datetime import date
    import numpy as np
    from mismartera_core import BarColumns
    from mismartera_core.model.intervals import MINUTE
    from mismartera_core.testing import MemoryProvider, session_table

    table = session_table(date(2024, 11, 1), date(2024, 11, 29), "JP_EQUITY", "EQUITY")
    ts = np.concatenate([opened + np.arange(60) * MINUTE for opened in table.open_ns])
    price = np.full(len(ts), 100.0)
    bars = BarColumns.build(ts, price, price, price, price, price, interval_ns=MINUTE)
    return MemoryProvider({"7203": bars})

@hookimpl
def mismartera_data_providers():
    capabilities = ProviderCapabilities(bars=("1m",))
    return [DataProviderReg(name="tokyo", factory=made, summary="Tokyo", capabilities=capabilities)]
"""
PYPROJECT = """
[project]
name = "{name}"
version = "0.3"
dependencies = ["mismartera-core{range}"]
[project.entry-points.mismartera]
{name} = "{name}.plugin"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a project: `project("mine", code, tests="...", range=">=0.1")`."""

    def make(name, code, tests="", range=""):  # noqa: A002
        folder = tmp_path / name
        (folder / "src" / name).mkdir(parents=True)
        (folder / "src" / name / "__init__.py").touch()
        (folder / "src" / name / "plugin.py").write_text(code)
        (folder / "pyproject.toml").write_text(PYPROJECT.format(name=name, range=range))
        if tests:
            (folder / "tests").mkdir()
            (folder / "tests/test_it.py").write_text(tests)
        return folder

    before = list(sys.path)
    yield make
    assert sys.path == before


def test_an_offer_is_checked_promise_by_promise(cli):
    code, out, _ = cli("plugins", "check", "per_order")
    assert code == 0
    assert "cost model per_order of plugin builtin" in out
    assert "  kept    same input gives the same result" in out
    assert "  n/a     config keeps its secrets (no field of its config is a secret)" in out
    kept, every = out.count("  kept  "), out.count("  kept  ") + out.count("  n/a  ")
    assert f"every promise that applies is kept: {kept} of {every}" in out


def test_a_broken_promise_ends_with_4_and_says_how_to_keep_it(cli, install):
    install("bad", BAD)
    code, out, _ = cli("plugins", "check", "bad")
    assert code == 4
    assert "  BROKEN  cutting the future changes nothing\n          Contract: row i" in out
    assert "          Cure: use windows that end at the row" in out


def test_a_name_that_two_offer_is_broken(cli, install):
    install("first", GOOD)
    install("second", GOOD)
    code, out, _ = cli("plugins", "check", "my_mid")
    assert code == 4
    assert out.count("BROKEN  its name is its own") == 2


def test_a_folder_is_checked_with_its_own_tests_and_not_installed(cli, project):
    tests = "from kept_one.plugin import compute\ndef test_a():\n    assert compute\n"
    tests += "def test_b():\n    assert 1 == 2, 'sums'\n"
    folder = project("kept_one", GOOD, tests)
    code, out, _ = cli("plugins", "check", folder, "--json")
    answer = json.loads(out)
    assert code == 4
    assert [(row["name"], row["plugin"], row["ok"]) for row in answer["checked"]] == [
        ("my_mid", "kept_one", True)
    ]
    assert [(it["name"].partition("::")[2], it["outcome"]) for it in answer["tests"]] == [
        ("test_a", "passed"),
        ("test_b", "failed"),
    ]
    assert "sums" in answer["tests"][1]["message"]
    assert "kept_one" not in cli("plugins", "list")[1]


def test_a_folder_is_checked_whatever_is_disabled_or_locked(cli, project):
    folder = project("locked_out", GOOD)
    cli("plugins", "lock")
    Path("mismartera.settings.json").write_text('{"plugins_disabled": ["locked_out"]}')
    assert cli("plugins", "check", folder, "--kind", "indicator")[0] == 0


@pytest.mark.parametrize(
    ("code", "given", "reason"),
    [
        ("raise RuntimeError('no')", "", "cannot be imported: RuntimeError: no"),
        (GOOD, ">=99", "asks for mismartera-core >=99"),
    ],
)
def test_a_project_that_does_not_load_is_broken(cli, project, code, given, reason):
    folder = project(f"unloaded_{len(given)}", code, range=given)
    found, out, _ = cli("plugins", "check", folder)
    assert found == 4
    assert reason in out
    assert "1 broken" in out


@pytest.mark.parametrize(
    ("what", "code", "message"),
    [
        ("./nowhere", 2, "./nowhere has no pyproject.toml"),
        ("my_mdi", 4, "did you mean 'my_mid'"),
        ("watcher", 4, "plugin 'watcher' is in order, but offers nothing"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(cli, install, what, code, message):
    install("good", GOOD)
    install("watcher", "@hookimpl\ndef mismartera_session_started(session):\n    pass")
    found, _, err = cli("plugins", "check", what)
    assert found == code
    assert message in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project]\nname='x'", "names no plugin"),
        ("[project.entry-points.mismartera]\nx = 'not_here.plugin'", "no package 'not_here'"),
        ("[project", "cannot be read"),
    ],
)
def test_a_project_that_is_none_is_one_sentence(cli, tmp_path, text, message):
    (tmp_path / "x").mkdir()
    (tmp_path / "x/pyproject.toml").write_text(text)
    code, _, err = cli("plugins", "check", "x")
    assert code == 4
    assert message in err


def test_a_config_can_be_given(cli):
    code, out, _ = cli("plugins", "check", "per_order", "--config", '{"per_order": -1}')
    assert code == 4
    assert "config.per_order" in out
    code, _, err = cli("plugins", "check", "per_order", "--config", "[]")
    assert code == 2
    assert "expected a JSON object" in err


def test_without_pytest_the_extra_is_named(cli, monkeypatch):
    for name in [it for it in sys.modules if it.startswith("mismartera_core.testing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pytest", None)
    code, _, err = cli("plugins", "check", "simulated")
    assert code == 4
    assert "install mismartera-core[testing]" in err


def test_a_provider_of_another_market_is_checked_by_its_calendar(cli, project):
    folder = project("tokyo", TOKYO)
    code, out, _ = cli("plugins", "check", folder)
    assert code == 4
    assert "BROKEN  bars follow the calendar" in out
    market = ("--exchange-group", "JP_EQUITY", "--asset-class", "EQUITY")
    code, out, _ = cli("plugins", "check", folder, *market)
    assert code == 0, out


def test_a_market_that_there_is_not_is_told(cli):
    code, _, err = cli("plugins", "check", "per_order", "--exchange-group", "MARS")
    assert code == 2
    assert "'MARS'" in err

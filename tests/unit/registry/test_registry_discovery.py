import importlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from mismartera_core.config.settings import PREFIX, SETTINGS_FILE, Settings, write_setting
from mismartera_core.errors import PluginError
from mismartera_core.hookspecs import PROJECT
from mismartera_core.registry import Policy, Registry, config_model, policy_of, resolve_attribute
from mismartera_core.registry.installed import distributions
from mismartera_core.registry.loading import _SETTINGS_FILES, policy_here

GOOD = """
@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory="good_one:Mine", summary="Mine")]
"""

STRATEGIES = "@hookimpl\ndef mismartera_strategies():\n"

BROKEN = {
    "import_error": (
        "raise RuntimeError('at import')",
        "cannot be imported: RuntimeError: at import",
        "ask its author",
    ),
    "exits": ("import sys; sys.exit(3)", "cannot be imported: SystemExit: 3", "ask its author"),
    "syntax": ("def broken(:", "cannot be imported: SyntaxError", "ask its author"),
    "missing_sdk": (
        "import no_such_sdk.client",
        "No module named 'no_such_sdk'",
        "install the package that brings 'no_such_sdk'",
    ),
    "misspelt_hook": (
        "@hookimpl\ndef mismartera_stratgies():\n    return []",
        "implements 'mismartera_stratgies', which is no hook",
        "did you mean 'mismartera_strategies'",
    ),
    "misspelt_prefix": (
        "@hookimpl\ndef strategies():\n    return []",
        "implements 'strategies', which is no hook",
        "",
    ),
    "unmarked": (
        "def mismartera_strategies():\n    return []",
        "'mismartera_strategies' is not marked as a hook",
        "put @hookimpl above it",
    ),
    "no_hooks": ("x = 1", "implements no hook", "entry point"),
    "wrong_signature": (
        "@hookimpl\ndef mismartera_strategies(config):\n    return []",
        "a hook has the wrong signature",
        "docs/hooks.md",
    ),
    "raises": (
        STRATEGIES + "    raise KeyError('x')",
        "mismartera_strategies raised KeyError: 'x'",
        "report it",
    ),
    "raises_midway": (
        STRATEGIES + "    yield StrategyReg(name='half', factory='x')\n    raise OSError('then')",
        "mismartera_strategies raised OSError: then",
        "report it",
    ),
    "not_iterable": (
        STRATEGIES + "    return 5",
        "mismartera_strategies raised TypeError",
        "report it",
    ),
    "no_records": (
        STRATEGIES + "    return [dict(name='x')]",
        "returned dict, expected StrategyReg records",
        "",
    ),
    "wrong_kind": (
        STRATEGIES + "    return [BrokerReg(name='x', factory='x:X')]",
        "returned BrokerReg, expected StrategyReg records",
        "",
    ),
    "wrong_name": (
        STRATEGIES + "    return [StrategyReg(name='My-X', factory='x')]",
        "expected a name of lower-case letters, digits and underscores, was 'My-X'",
        "",
    ),
}


def discover(*names):
    return Registry.discover(allow=names)


def test_builtins_register_by_the_same_hooks():
    registry = discover()
    assert [plugin.name for plugin in registry.plugins()] == ["builtin"]
    assert registry.get("broker", "simulated").simulated
    assert registry.problems == ()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_reported_and_the_others_go_on(install, kind):
    code, reason, hint = BROKEN[kind]
    install(f"bad_{kind}", code, name="bad")
    install("good_one", GOOD)
    registry = discover("bad", "good_one")
    problems = [problem for problem in registry.problems if problem.plugin == "bad"]
    assert len(problems) == 1
    assert reason in problems[0].reason
    assert hint in problems[0].hint
    assert problems[0].version == "1.2"
    assert "\n" not in problems[0].reason
    status = {plugin.name: plugin.status for plugin in registry.plugins()}
    assert status == {"builtin": "ok", "bad": "broken", "good_one": "ok"}
    assert registry.get("strategy", "mine").summary == "Mine"


def test_a_name_of_a_broken_plugin_says_so(install):
    install("bad_midway", BROKEN["raises_midway"][0])
    registry = discover("bad_midway")
    with pytest.raises(PluginError, match="'half' belongs to plugin 'bad_midway', which is broken"):
        registry.get("strategy", "half")
    with pytest.raises(PluginError) as caught:
        registry.get("strategy", "other")
    assert "not in use may offer it: bad_midway (broken)" in caught.value.hint


def test_a_name_offered_twice_names_both_and_neither_is_used(install):
    install("good_one", GOOD)
    install("good_two", GOOD)
    registry = discover("good_one", "good_two")
    assert "'mine' is offered by good_one and by good_two" in registry.problems[0].reason
    assert "mine" not in {it.name for it in registry.records("strategy")}
    with pytest.raises(PluginError, match="is offered by good_one and by good_two"):
        registry.get("strategy", "mine")


def test_an_entry_point_name_given_twice_names_both_sources(install):
    install("good_one", GOOD, name="same")
    install("good_two", GOOD, name="same")
    (problem,) = discover("same").problems
    assert "good_one (good_one)" in problem.reason
    assert "good_two (good_two)" in problem.reason


def test_nobody_takes_the_place_of_the_builtins(install):
    install("good_one", GOOD, name="builtin")
    registry = discover("builtin")
    assert "taken by the built-ins" in registry.problems[0].reason
    assert registry.get("broker", "simulated")


def test_unknown_names_answer_did_you_mean():
    with pytest.raises(PluginError, match="there is no broker named 'simulatd'") as caught:
        discover().get("broker", "simulatd")
    assert caught.value.hint == "did you mean 'simulated'?"


@pytest.mark.parametrize(
    ("kind", "name", "project"),
    [
        ("data_provider", "alpaca", "mismartera-alpaca"),
        ("strategy", "sma_cross", "strategies-example"),
        ("indicator", "rsi", "mismartera-indicators"),
        ("indicator", "double_top", "mismartera-patterns"),
    ],
)
def test_a_name_of_a_distribution_that_is_missing_says_how_to_get_it(
    monkeypatch, kind, name, project
):
    monkeypatch.setattr("mismartera_core.registry.distributions", lambda group: frozenset())
    with pytest.raises(PluginError, match=f"there is no .* named '{name}'") as caught:
        discover().get(kind, name)
    wanted = f"it comes with {project}, which is not installed: pip install "
    assert caught.value.hint.startswith(wanted)
    assert (Path(caught.value.hint.removeprefix(wanted)) / "pyproject.toml").is_file()


def test_a_name_of_a_distribution_that_is_installed_is_not_called_missing():
    assert "mismartera-alpaca" in distributions(PROJECT)
    with pytest.raises(PluginError) as caught:
        discover().get("data_provider", "alpaca")
    assert "not installed" not in caught.value.hint


def test_records_come_sorted_whatever_the_order_of_registration():
    names = [record.name for record in discover().records("cost_model")]
    assert names == sorted(names)


def test_modules_need_not_be_installed(install):
    install("good_one", GOOD)
    registry = Registry.from_modules({"given": importlib.import_module("good_one")})
    assert registry.sources("strategy", "mine") == ("given",)


def test_observers_never_disturb(install, caplog):
    install(
        "watcher",
        """
        SEEN = []
        @hookimpl
        def mismartera_session_started(session):
            SEEN.append(session)
        """,
    )
    install("clumsy", "@hookimpl\ndef mismartera_session_started(session):\n    1 / 0")
    registry = discover("watcher", "clumsy")
    registry.observe("session_started", session=date(2024, 1, 2))
    registry.observe("session_started", session=date(2024, 1, 3))
    assert resolve_attribute("watcher:SEEN") == [date(2024, 1, 2), date(2024, 1, 3)]
    assert registry.observer_errors == {"clumsy": 2}
    assert "Plugin 'clumsy' failed in session_started" in caplog.text


def test_plugins_check_configs_and_may_fail_at_it(install):
    install(
        "strict", "@hookimpl\ndef mismartera_check_config(config):\n    yield f'{config} is odd'"
    )
    install("weak", "@hookimpl\ndef mismartera_check_config(config):\n    raise ValueError('no')")
    found = discover("strict", "weak").check_config("this")
    assert "plugin 'builtin' could not check the config: AttributeError" in found.pop(0)
    assert found == ["this is odd", "plugin 'weak' could not check the config: ValueError: no"]


def test_attributes_are_reached_through_dicts_and_namespaces(install):
    install("things", "class A:\n    B = {'c': 5}\n")
    assert resolve_attribute("things:A.B.c") == 5
    assert resolve_attribute(5) == 5


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module:x", "No module named 'no_such_module'"),
        ("things:nothing", "'things' has no 'nothing'"),
        ("things:A.B", "'things' has no 'A.B'"),
        ("things", "'things' has no ''"),
    ],
)
def test_what_cannot_be_resolved_is_a_plugin_error(install, target, message):
    install("things", "class A:\n    pass\n")
    with pytest.raises(PluginError, match=message):
        resolve_attribute(target)


def test_the_params_of_a_strategy_are_its_config(install):
    install(
        "good_one",
        GOOD + "\nclass Mine:\n    class Params(StrategyParams):\n        pass\n",
    )
    record = discover("good_one").get("strategy", "mine")
    assert config_model(record) is resolve_attribute("good_one:Mine.Params")


def test_discovery_imports_nothing_heavy():
    code = (
        "import sys; from mismartera_core.registry import Registry; Registry.discover()\n"
        "heavy = {'pandas', 'numpy', 'pyarrow', 'sqlalchemy', 'exchange_calendars', 'numba',"
        " 'talib', 'typer', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_where_nothing_is_set_plugins_are_loaded_as_the_settings_say(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in [it for it in os.environ if it.startswith("MISMARTERA_")]:
        monkeypatch.delenv(name)
    assert policy_here() == policy_of(Settings()) == Policy()
    assert {".env", str(SETTINGS_FILE)} == {Settings.model_config["env_file"], *_SETTINGS_FILES}
    monkeypatch.setenv(f"{PREFIX}PLUGIN_SECONDS", "2")
    assert policy_here().seconds == 2
    monkeypatch.delenv(f"{PREFIX}PLUGIN_SECONDS")
    (tmp_path / ".env").write_text(f"{PREFIX}PLUGIN_SECONDS=3\n")
    assert policy_here().seconds == 3
    write_setting("plugins_disabled", ["news"])
    assert policy_here() == Policy(frozenset({"news"}), 3)

import json

import pytest

HOOK = "@hookimpl\ndef mismartera_strategies():\n    return [{}]"


@pytest.fixture(autouse=True)
def _alone(cli, tmp_path):
    """Without the plugins of this repository, whose libraries take seconds to import."""
    settings = {"plugins_disabled": ["examples", "indicators", "patterns"]}
    (tmp_path / "mismartera.settings.json").write_text(json.dumps(settings))


def doctor(cli):
    code, out, _ = cli("plugins", "doctor", "--json")
    return code, json.loads(out)


def test_where_nothing_is_broken_import_times_are_told(cli, install):
    install("good", HOOK.format("StrategyReg(name='mine', factory='good:Mine')") + "\nMine = dict")
    code, answer = doctor(cli)
    assert (code, answer["ok"], answer["problems"]) == (0, True, [])
    rows = {row["plugin"]: row for row in answer["plugins"]}
    assert rows["good"]["import_ms"] >= 0
    assert rows["builtin"]["offers"] > 20
    assert "nothing is broken" in cli("plugins", "doctor")[1]


@pytest.mark.parametrize(
    ("code", "requires", "reason", "hint"),
    [
        (
            HOOK.format("StrategyReg(name='mine', factory='bad_sdk:Mine')"),
            ("some-broker-api>=3",),
            "strategy 'mine': imports 'some_broker', which is not installed",
            "pip install 'some-broker-api>=3'",
        ),
        (
            HOOK.format("StrategyReg(name='mine', factory='bad_sdk:Mine')"),
            ("odd-name>=1 ; extra == 'live'",),
            "strategy 'mine': imports 'some_broker', which is not installed",
            "pip install 'bad[live]'",
        ),
        (
            HOOK.format("StrategyReg(name='mine', factory=dict)"),
            ("no-such-dist>=1",),
            "requires no-such-dist>=1, which is not installed",
            "pip install 'no-such-dist>=1'",
        ),
        (
            HOOK.format("StrategyReg(name='mine', factory=dict)"),
            ("numpy>=99",),
            "requires numpy>=99, installed is",
            "pip install 'numpy>=99'",
        ),
        (
            HOOK.format("StrategyReg(name='mine', factory='bad:Nothing')"),
            (),
            "strategy 'mine': 'bad:Nothing': 'bad' has no 'Nothing'",
            "report it",
        ),
        (
            HOOK.format("StrategyReg(name='mine', factory=dict, config_model='bad:hookimpl')"),
            (),
            "strategy 'mine': 'mine': expected a pydantic model as config model",
            "report it",
        ),
        (
            "@hookimpl\ndef mismartera_stratgies():\n    pass",
            (),
            "implements 'mismartera_stratgies', which is no hook",
            "did you mean 'mismartera_strategies'",
        ),
        ("x = 1", ("mismartera-core<0.0.1",), "asks for mismartera-core <0.0.1", "install"),
    ],
)
def test_what_is_broken_is_told_with_its_cure(cli, install, code, requires, reason, hint):
    module = install("bad", code, requires=requires)
    module.with_name("bad_sdk.py").write_text("import some_broker\nMine = dict")
    found, answer = doctor(cli)
    assert found == 4
    (problem,) = answer["problems"]
    assert problem["plugin"] == "bad"
    assert reason in problem["reason"]
    assert hint in problem["hint"]


def test_an_import_that_loads_a_library_and_a_disabled_plugin_are_noted(cli, install):
    install("eager", "import rich\n" + HOOK.format("StrategyReg(name='mine', factory=dict)"))
    install("idle", "raise RuntimeError('loaded')")
    cli("plugins", "disable", "idle")
    code, answer = doctor(cli)
    assert code == 0
    notes = "\n".join(answer["notes"])
    assert "plugin idle is disabled" in notes
    assert "importing plugin eager takes" in notes
    assert "rich" in notes


def test_a_person_reads_cause_and_cure(cli, install):
    install("bad", "raise RuntimeError('no')")
    code, out, _ = cli("plugins", "doctor")
    assert code == 4
    assert "bad 1.2: cannot be imported: RuntimeError: no\n  Try: reinstall the plugin" in out
    assert out.endswith("1 problem\n")

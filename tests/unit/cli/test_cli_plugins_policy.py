"""Which plugins may load: disabled ones, and the lock."""

import json
import sys

import pytest

from mismartera_core.errors import PluginError
from mismartera_core.registry import Registry

GOOD = """
@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory="good:Mine", summary="Mine")]
"""


def status(cli):
    plugins = json.loads(cli("plugins", "list", "--json")[1])["plugins"]
    return {plugin["name"]: plugin["status"] for plugin in plugins}


def test_a_disabled_plugin_is_listed_and_not_loaded(cli, install, tmp_path):
    install("good", GOOD)
    assert cli("plugins", "disable", "good")[0] == 0
    assert json.loads((tmp_path / "mismartera.settings.json").read_text()) == {
        "plugins_disabled": ["good"]
    }
    sys.modules.pop("good", None)
    assert status(cli)["good"] == "disabled"
    assert "good" not in sys.modules
    (line,) = [it for it in cli("plugins", "list")[1].splitlines() if " good " in it]
    assert line.split()[:5] == ["-", "-", "good", "1.2", "disabled"]
    with pytest.raises(PluginError) as caught:
        Registry.discover().get("strategy", "mine")
    assert "not in use may offer it: good (disabled)" in caught.value.hint
    assert cli("plugins", "enable", "good")[0] == 0
    assert status(cli)["good"] == "ok"
    assert Registry.discover().get("strategy", "mine")


@pytest.mark.parametrize("status", ["disabled", "refused"])
def test_a_run_heeds_it_too(cli, install, tmp_path, status):
    cli("plugins", "lock") if status == "refused" else None
    install("good", GOOD)
    cli("plugins", "disable", "good") if status == "disabled" else None
    cli("init", "desk")
    config = tmp_path / "desk/session.json"
    values = json.loads(config.read_text()) | {"strategies": [{"name": "mine"}]}
    config.write_text(json.dumps(values))
    code, _, err = cli("run", config)
    assert code == 2
    assert f"good ({status})" in err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("disable", "builtin"), 2, "the built-ins are always there"),
        (("disable", "goood"), 4, "did you mean 'good'"),
        (("disable", "mine"), 4, "'mine' is offered by plugin good"),
        (("enable", "nothing"), 4, "there is no plugin named 'nothing'"),
    ],
)
def test_a_wrong_name_is_one_sentence(cli, install, words, code, message):
    install("good", GOOD)
    found, _, err = cli("plugins", *words)
    assert found == code
    assert message in err


def test_what_the_environment_decides_is_said(cli, install, monkeypatch):
    install("good", GOOD)
    monkeypatch.setenv("MISMARTERA_PLUGINS_DISABLED", "[]")
    code, _, err = cli("plugins", "disable", "good")
    assert code == 2
    assert "MISMARTERA_PLUGINS_DISABLED" in err


def test_the_lock_pins_name_version_and_files(cli, install, tmp_path):
    module = install("good", GOOD)
    assert cli("plugins", "lock")[0] == 0
    rows = json.loads((tmp_path / "plugins.lock.json").read_text())["plugins"]
    (row,) = [it for it in rows if it["name"] == "good"]
    assert (row["distribution"], row["version"], len(row["sha256"])) == ("good", "1.2", 64)
    assert status(cli)["good"] == "ok"
    assert cli("plugins", "lock", "--check")[0] == 0
    module.write_text(module.read_text() + "# changed\n")
    assert status(cli)["good"] == "refused"
    code, out, _ = cli("plugins", "lock", "--check")
    assert code == 4
    assert "good 1.2: its files are not those that plugins.lock.json allows" in out
    assert "mismartera plugins lock" in out
    cli("plugins", "lock")
    assert status(cli)["good"] == "ok"


def test_what_is_not_in_the_lock_is_refused_and_never_imported(cli, install):
    cli("plugins", "lock")
    install("late", "raise SystemExit('imported')")
    assert status(cli)["late"] == "refused"
    assert (
        "late 1.2: it is not in plugins.lock.json, so it is not loaded" in cli("plugins", "list")[1]
    )


def test_another_version_is_refused_and_one_that_is_gone_is_told(cli, install, tmp_path):
    install("good", GOOD)
    cli("plugins", "lock")
    file = tmp_path / "plugins.lock.json"
    lock = json.loads(file.read_text())
    (row,) = [it for it in lock["plugins"] if it["name"] == "good"]
    row["version"] = "1.1"
    lock["plugins"].append({**row, "name": "gone", "distribution": "gone-dist"})
    file.write_text(json.dumps(lock))
    code, out, _ = cli("plugins", "lock", "--check", "--json")
    told = {it["plugin"]: it["reason"] for it in json.loads(out)["problems"]}
    assert code == 4
    assert told == {
        "good": "it is good 1.2, plugins.lock.json allows good 1.1",
        "gone": "it is not installed",
    }


@pytest.mark.parametrize("text", ["", "{}", '{"plugins": [{"name": "x"}]}', "[1]"])
def test_a_damaged_lock_lets_nothing_load(cli, tmp_path, text):
    (tmp_path / "plugins.lock.json").write_text(text)
    code, _, err = cli("plugins", "list")
    assert code == 2
    assert "plugins.lock.json is no list of allowed plugins" in err


def test_checking_without_a_lock_says_how_to_make_one(cli):
    code, _, err = cli("plugins", "lock", "--check")
    assert code == 4
    assert "`mismartera plugins lock` makes it" in err

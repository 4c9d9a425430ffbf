import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mismartera_core
from mismartera_core.cli import main
from mismartera_core.cli.app import build
from mismartera_core.config.loading import load_config

QUICKSTART = Path(__file__).parents[3] / "session_configs/quickstart.json"
FEW = """
    @hookimpl
    def mismartera_indicators():
        name, factory = "my_ratio", "few:compute"
        return [IndicatorReg(name=name, factory=factory, category="trend", summary="A ratio")]
"""
FREE = ("--set", "costs={}")


def leaves(group, path=()):
    for info in group.registered_commands:
        name = info.name or info.callback.__name__.replace("_", "-")
        yield (*path, name)
    for info in group.registered_groups:
        yield from leaves(info.typer_instance, (*path, info.name))


COMMANDS = list(leaves(build()))


def cpu_seconds(*words):
    return cpu_of(
        "import sys; from mismartera_core.cli import main; sys.exit(main(sys.argv[1:]))", *words
    )


def cpu_of(code, *words):
    before = os.times()
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, check=True)
    after = os.times()
    assert done.stdout
    return (
        after.children_user
        + after.children_system
        - before.children_user
        - (before.children_system)
    )


def imported_by(*words):
    code = (
        "import sys; from mismartera_core.cli import main; main(sys.argv[1:]);"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("group", [(), *sorted({path[:-1] for path in COMMANDS if path[1:]})])
def test_help_of_a_group_cuts_no_sentence(cli, monkeypatch, group):
    monkeypatch.setenv("COLUMNS", "80")
    _, commands = cli(*group, "--help")[1].split("Commands:\n")
    assert "..." not in commands


def test_version(cli):
    assert cli("--version") == (0, f"mismartera {mismartera_core.__version__}\n", "")


def test_the_version_is_told_before_typer_is_imported():
    assert not {"typer", "pluggy", "pydantic", "rich"} & imported_by("--version")


@pytest.mark.parametrize("words", [("--help",), ("plugins", "list"), ("run", "--help")])
def test_help_and_listings_import_nothing_heavy(words):
    heavy = {"pandas", "numpy", "pyarrow", "sqlalchemy", "exchange_calendars", "numba", "talib"}
    heavy |= {"pydantic", "rich"}
    assert heavy & imported_by(*words) == set()


def test_a_command_imports_no_other_command():
    commands = {name for name in imported_by("plugins", "list") if "cli." in name}
    assert commands >= {"mismartera_core.cli.plugins"}
    assert not {name for name in commands if name.endswith(("_commands", ".run", ".runs", ".new"))}


@pytest.mark.parametrize("words", [("--help",), ("plugins", "list")])
def test_help_and_listings_cost_little(words):
    # The promise is 300 ms; how long that is on this machine, the libraries of commands tell.
    libraries = min(
        cpu_of(
            "import typer, rich.table, importlib.metadata; from pydantic import BaseModel; print()"
        )
        for _ in range(3)
    )
    assert min(cpu_seconds(*words) for _ in range(3)) < 2.0 * libraries


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_the_common_options(cli, words):
    code, out, _ = cli(*words, "--help")
    assert code == 0
    for option in ("--json", "--quiet", "--debug", "--no-color"):
        assert option in out


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_without_a_command_help_is_shown(cli, words):
    code, out, _ = cli(*words)
    assert code == 0
    assert "mismartera demo" in out


def test_plugins_list_as_text_and_as_json(cli):
    code, out, _ = cli("plugins", "list", "--kind", "broker")
    assert code == 0
    assert "simulated" in out
    assert "csv" not in out
    code, out, _ = cli("--json", "plugins", "list")
    answer = json.loads(out)
    assert (code, answer["version"], answer["kind"]) == (0, 1, "plugins")
    assert {"kind", "name", "plugin", "version", "status", "summary"} == set(answer["offers"][0])


def test_plugins_list_has_versions_where_there_is_room(cli, monkeypatch):
    heads = ["kind", "name", "plugin", "version", "status", "summary"]
    for width in ("100", "80"):
        monkeypatch.setenv("COLUMNS", width)
        lines = cli("plugins", "list")[1].splitlines()
        assert lines[0].split() == [it for it in heads if it != "version" or width == "100"]
        assert max(map(len, lines)) <= int(width)


def test_what_a_plugin_prints_is_no_part_of_an_answer(cli, install):
    install("chatty", "print('hello')\n@hookimpl\ndef mismartera_strategies():\n    return []")
    _, out, err = cli("plugins", "list", "--json")
    assert {it["name"]: it["status"] for it in json.loads(out)["plugins"]}["chatty"] == "ok"
    assert err == "hello\n"


def test_plugins_list_has_a_line_for_many_indicators_of_a_category(cli):
    lines = cli("plugins", "list")[1].splitlines()
    (candles,) = [line for line in lines if " x candlestick " in line]
    assert "cdl_2_crows" in candles
    assert "`mismartera plugins list --kind indicator` has each indicator" in lines
    each = cli("plugins", "list", "--kind", "indicator")[1]
    offers = json.loads(cli("plugins", "list", "--json")[1])["offers"]
    names = {offer["name"] for offer in offers if offer["kind"] == "indicator"}
    assert names == {line.split()[1] for line in each.splitlines()[1:]}


def test_plugins_list_names_a_plugin_s_few_indicators(cli, install):
    install("few", FEW)
    assert "A ratio" in cli("plugins", "list")[1]


def test_plugins_list_tells_problems_with_cause_and_cure_and_ends_with_0(cli, install):
    install("needs_sdk", "import no_such_sdk")
    code, out, _ = cli("plugins", "list")
    assert code == 0
    assert "needs_sdk 1.2: cannot be imported" in out
    assert "install the package that brings 'no_such_sdk'" in out
    (problem,) = json.loads(cli("plugins", "list", "--json")[1])["problems"]
    assert problem["plugin"] == "needs_sdk"


def test_text_of_plugins_is_never_read_as_markup(cli, install):
    install(
        "loud",
        "@hookimpl\ndef mismartera_strategies():\n"
        "    return [StrategyReg(name='loud', factory='x:X', summary='[bold] [/x] [link=x]')]",
    )
    assert "[bold] [/x] [link=x]" in cli("plugins", "list")[1]
    assert "[bold] [/x] [link=x]" in cli("plugins", "show", "loud")[1]


def test_plugins_show_gives_fields_capabilities_and_a_block_to_paste(cli):
    code, out, _ = cli("plugins", "show", "simulated")
    assert code == 0
    assert "Account currency at the start" in out
    block = json.loads("{" + out.partition("Paste")[2] + "}")
    assert block["broker"]["name"] == "simulated"
    assert "required" in out


@pytest.mark.parametrize(
    ("name", "pasted"),
    [
        ("sma_cross", '"strategies": ['),
        ("sma", 'self.indicator("sma", '),
        ("max_open_positions", '"risk": ['),
        ("sample", '"data_provider": {'),
    ],
)
def test_every_kind_has_a_block_to_paste(cli, name, pasted):
    code, out, _ = cli("plugins", "show", name)
    assert code == 0
    assert pasted in out


def test_an_unknown_plugin_is_answered_with_the_nearest(cli):
    code, _, err = cli("plugins", "show", "simulatd")
    assert code == 4
    assert "did you mean 'simulated'" in err


def test_config_check(cli):
    code, out, _ = cli("config", "check", QUICKSTART, *FREE)
    assert code == 0
    assert "is in order" in out
    answer = json.loads(cli("config", "check", QUICKSTART, *FREE, "--json")[1])
    assert answer["ok"] is True
    assert len(answer["config_hash"]) == 64


def test_config_explain(cli):
    code, out, _ = cli("config", "explain", QUICKSTART, *FREE)
    assert code == 0
    assert "SIMULATED" in out
    sentences = json.loads(cli("config", "explain", QUICKSTART, *FREE, "--json")[1])["sentences"]
    assert {"topic": "symbols", "text": "AAPL, IBM"} in sentences


def test_config_schema_to_stdout_and_to_a_file(cli, tmp_path):
    code, out, _ = cli("config", "schema")
    assert code == 0
    assert json.loads(out)["title"] == "SessionConfig"
    assert cli("config", "schema", "--output", "s.json")[0] == 0
    assert json.loads((tmp_path / "s.json").read_text()) == json.loads(out)


def test_init_writes_a_config_that_is_valid_and_overwrites_nothing(cli, tmp_path):
    code, out, _ = cli("init", "mine")
    assert code == 0
    assert "cd mine && mismartera run session.json" in out
    written = json.loads((tmp_path / "mine/session.json").read_text())
    assert written["$schema"] == "./session.schema.json"
    assert (tmp_path / "mine" / written["$schema"]).is_file()
    assert load_config(tmp_path / "mine/session.json").session_name == "first"
    settings = (tmp_path / "mine/.env.example").read_text()
    assert "# MISMARTERA_RUNTIME_DIR=runtime" in settings
    code, _, err = cli("init", "mine")
    assert code == 2
    assert "session.json" in err
    assert "nothing is overwritten" in err


def test_init_into_a_file_is_refused(cli, tmp_path):
    (tmp_path / "mine").write_text("x")
    code, _, err = cli("init", "mine")
    assert code == 2
    assert "is a file" in err


def test_runs_of_an_empty_folder(cli):
    assert "no runs yet" in cli("runs", "ls")[1]
    assert json.loads(cli("runs", "ls", "--json")[1])["runs"] == []
    code, _, err = cli("runs", "show", "@last")
    assert code == 2
    assert "mismartera run CONFIG" in err


@pytest.mark.parametrize(
    "words", [("plugins", "list"), ("config", "schema"), ("time", "next", "2024-07-03"), ()]
)
def test_quiet_says_nothing(cli, words):
    assert cli(*words, "--quiet")[:2] == (0, "")


def test_a_pipe_that_closes_is_no_error():
    code = "from mismartera_core.cli import main; raise SystemExit(main(['plugins', 'list']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert "Traceback" not in said
    assert "Exception" not in said


def test_wrong_settings_are_a_config_error(cli, monkeypatch):
    monkeypatch.setenv("MISMARTERA_LOG_LEVEL", "loud")
    code, _, err = cli("runs", "ls")
    assert code == 2
    assert "MISMARTERA_LOG_LEVEL" in err


def test_main_takes_the_words_of_the_process(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["mismartera", "--version"])
    assert main() == 0
    assert Path(capsys.readouterr().out.strip()).name.startswith("mismartera")

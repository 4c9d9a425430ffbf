import errno
import json
import traceback
from pathlib import Path

import pytest

from mismartera_core import errors
from mismartera_core.cli import run as run_command

QUICKSTART = Path(__file__).parents[3] / "session_configs/quickstart.json"
FAILURES = [
    (errors.MisMarteraError("the run failed"), 1),
    (errors.StrategyError("strategy 'x' raised"), 1),
    (OSError(errno.ENOSPC, "No space left on device", "runtime/x"), 1),
    (PermissionError(errno.EACCES, "Permission denied", "runtime/x"), 1),
    (errors.UsageError("wrong"), 2),
    (errors.ConfigError("wrong"), 2),
    (errors.DataError("missing"), 3),
    (errors.PluginError("broken"), 4),
    (errors.BrokerError("refused"), 5),
    (errors.RiskStop("too much lost"), 6),
    (ZeroDivisionError("division by zero"), 70),
    (errors.Interrupted("stopped"), 130),
    (KeyboardInterrupt(), 130),
]


@pytest.fixture(params=FAILURES, ids=lambda case: f"{type(case[0]).__name__}-{case[1]}")
def failing(request, monkeypatch):
    error, code = request.param

    def execute(*_):
        raise error

    monkeypatch.setattr(run_command, "execute", execute)
    return error, code


def test_every_failure_is_one_sentence_with_its_exit_code(cli, failing):
    error, expected = failing
    code, out, err = cli("run", QUICKSTART)
    assert code == expected
    assert out == ""
    assert err.startswith("Error: ")
    assert len(err.splitlines()) <= 2
    assert "Traceback" not in err
    if str(error) and not isinstance(error, OSError):
        assert str(error) in err


def test_every_failure_as_json_is_one_object_on_stderr(cli, failing):
    _, expected = failing
    code, out, err = cli("run", QUICKSTART, "--json")
    answer = json.loads(err)
    assert (code, out) == (expected, "")
    assert answer["version"] == 1
    assert answer["error"]["code"] == expected
    assert {"kind", "message", "hint"} <= set(answer["error"])


def test_debug_shows_the_traceback(cli, failing):
    code, _, err = cli("run", QUICKSTART, "--debug")
    assert code == failing[1]
    if not isinstance(failing[0], KeyboardInterrupt):  # typer swallows where it came from
        assert "Traceback" in err


def test_what_a_run_notes_of_its_failure_is_told(cli, monkeypatch):
    error = errors.StrategyError("strategy 'x' raised", hint="look at line 5")
    error.add_note("what was computed is in runtime/runs/1")

    def execute(*_):
        raise error

    monkeypatch.setattr(run_command, "execute", execute)
    assert cli("run", QUICKSTART)[2].splitlines() == [
        "Error: strategy 'x' raised",
        "what was computed is in runtime/runs/1",
        "Try: look at line 5",
    ]
    assert json.loads(cli("run", QUICKSTART, "--json")[2])["error"]["notes"] == [
        "what was computed is in runtime/runs/1"
    ]


def test_a_traceback_in_a_script_ends_with_the_hint():
    told = traceback.format_exception_only(errors.ConfigError("no 'smaa'", hint="did you mean..."))
    assert told[-1] == "Try: did you mean...\n"


def test_a_hint_lists_no_more_choices_than_can_be_read():
    assert errors.did_you_mean("zz", ["a", "b"]) == "choose one of: a, b"
    many = errors.did_you_mean("zz", [f"name_{at:03}" for at in range(250)])
    assert many.startswith("choose one of 250, such as name_000, ")
    assert len(many) < 160


def test_a_session_config_that_is_not_there_is_no_schema(cli):
    cli("init")
    hint = cli("run", "nothing.json")[2].splitlines()[-1]
    assert "session.json" in hint
    assert "schema" not in hint


def test_an_unforeseen_error_leaves_its_traceback_in_a_file(cli, monkeypatch, tmp_path):
    monkeypatch.setattr(run_command, "execute", lambda *_: 1 / 0)
    code, _, err = cli("run", QUICKSTART)
    assert code == 70
    assert "ZeroDivisionError: division by zero" in err
    assert "runtime/last_error.log says where" in err
    assert "Traceback" in (tmp_path / "runtime/last_error.log").read_text()


def test_where_not_even_the_log_can_be_written_debug_is_the_way(cli, monkeypatch, tmp_path):
    (tmp_path / "runtime").write_text("a file")
    monkeypatch.setattr(run_command, "execute", lambda *_: 1 / 0)
    code, _, err = cli("run", QUICKSTART)
    assert code == 70
    assert "Try: again with --debug" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "No such command 'rnu'. Did you mean 'run'"),
        (["run"], "Missing argument 'CONFIG'"),
        (["run", "x.json", "--sett", "a=b"], "No such option: --sett"),
        (["run", "x.json"], "x.json: there is no such session config"),
        (["plugins", "list", "--kind", "stratgy"], "there is no kind of plugin named 'stratgy'"),
        (["runs", "show", "nope"], "expected a run in"),
        (["config", "check", QUICKSTART, "--set", "exchange_group=US"], "no exchange group 'US'"),
        (["config", "check", QUICKSTART, "--set", "x"], "expected path=value, was 'x'"),
        (
            ["config", "check", QUICKSTART, "--set", "moode=1"],
            "moode: unknown; did you mean",
        ),
    ],
)
def test_wrong_use_ends_with_2(cli, words, message):
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert message in err
    code, _, err = cli(*words, "--json")
    assert code == 2
    assert message in json.loads(err)["error"]["message"]

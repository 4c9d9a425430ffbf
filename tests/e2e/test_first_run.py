"""What a newcomer types first, in an empty folder, and what they see."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

CONFIGS = Path(__file__).parents[2] / "session_configs"
QUICKSTART = CONFIGS / "quickstart.json"
MAIN = "import sys; from mismartera_core.cli import main; sys.exit(main(sys.argv[1:]))"
SEEN = [
    (["runs", "ls"], ["first", "done", "P&L"]),
    (["runs", "show", "@last"], ["Sharpe", "Trade hash", "fills.csv", "simulated intraday"]),
    (["runs", "show", "@last", "--threads"], ["AnalysisEngine", "Busy s", "Overruns"]),
    (["config", "explain", QUICKSTART], ["AAPL, IBM", "fast=10", "SIMULATED"]),
    (["config", "check", QUICKSTART], []),
    (["plugins", "list"], ["sma_cross", "sample", "opening_range_breakout", "candlestick"]),
    (["plugins", "list", "--kind", "indicator"], ["sma", "vwap", "head_and_shoulders"]),
    (["plugins", "show", "sma_cross"], ["fast", "slow", "shares"]),
    (["time", "next"], []),
    ([], ["mismartera demo", "run", "init"]),
]
"""Commands after the demo, and what a reader finds in their answers."""

commands = pytest.mark.parametrize(
    ("words", "texts"),
    SEEN,
    ids=[" ".join(str(w) for w in words[:2]) or "help" for words, _ in SEEN],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder in which the demo has been run."""
    found = tmp_path_factory.mktemp("newcomer")
    assert typed(found, "demo").returncode == 0
    return found


def typed(folder, *words, columns=80):
    """A command as it answers into a pipe that is so many columns wide."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, *map(str, words)],
        cwd=folder,
        env={**os.environ, "COLUMNS": str(columns)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_demo_takes_seconds_and_says_what_to_type_next(tmp_path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = typed(tmp_path, "demo")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stderr) == (0, "")
    assert after.ru_utime - before.ru_utime < 10.0
    _, following = done.stdout.split("\nNext\n")
    suggestions = [line.strip().split("  ")[0] for line in following.splitlines()]
    assert all(line.startswith("mismartera ") for line in suggestions)
    for line in suggestions:
        assert typed(tmp_path, *line.split()[1:]).returncode == 0, line


@commands
def test_the_next_commands_work_and_are_complete_on_a_narrow_terminal(folder, words, texts):
    done = typed(folder, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(text in done.stdout for text in texts), done.stdout
    assert "\x1b" not in done.stdout, "no colours in a pipe"
    assert "…" not in done.stdout, "nothing is cut"
    assert max(map(len, done.stdout.splitlines()), default=0) <= 80


@commands
def test_the_next_commands_answer_as_json(folder, words, texts):
    if not words:
        pytest.skip("help is for people")
    done = typed(folder, *words, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["version"] == 1


@commands
def test_the_next_commands_are_silent_if_asked(folder, words, texts):
    done = typed(folder, *words, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_init_writes_is_checked_explained_and_runs(tmp_path):
    assert typed(tmp_path, "init", "mine").returncode == 0
    mine = tmp_path / "mine"
    for words in (["config", "check"], ["config", "explain"], ["run"]):
        done = typed(mine, *words, "session.json")
        assert (done.returncode, done.stderr) == (0, ""), words
    again = typed(tmp_path, "init", "mine")
    assert again.returncode == 2
    assert "nothing is overwritten" in again.stderr


@pytest.mark.parametrize("config", sorted(CONFIGS.glob("*.json")), ids=lambda path: path.stem)
def test_every_example_explains_itself(tmp_path, config):
    done = typed(tmp_path, "config", "explain", config)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "code", "help_"),
    [
        (["rnu"], 2, "Did you mean 'run'?"),
        (["run"], 2, "`mismartera run --help` says more"),
        (["runs", "show"], 2, "make one with: mismartera run CONFIG"),
        (["runs", "ls"], 0, "mismartera run CONFIG"),
        (["run", "session.jsn"], 2, "session.jsn"),
        (["plugins", "show", "sma_crss"], 4, "did you mean 'sma_cross'"),
    ],
)
def test_a_slip_is_answered_by_what_to_type(tmp_path, words, code, help_):
    done = typed(tmp_path, *words)
    assert done.returncode == code
    assert help_ in done.stdout + done.stderr
    assert "Traceback" not in done.stderr

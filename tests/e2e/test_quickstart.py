"""The main job as a user does it: commands in an empty folder, nothing mocked."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
from failing_runs import MAIN, mismartera

QUICKSTART = Path(__file__).parents[2] / "session_configs/quickstart.json"


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quickstart")
    done = mismartera(folder, "run", QUICKSTART, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return folder, json.loads(done.stdout)


def test_the_quickstart_runs_offline_and_says_where_its_files_are(quickstart):
    folder, answer = quickstart
    assert answer["version"] == 1
    assert answer["summary"]["sessions"] == 20
    assert answer["summary"]["fills"] > 0
    assert answer["summary"]["simulated_data"] is True
    assert len(answer["summary"]["trade_hash"]) == 64
    run = folder / answer["folder"]
    for name in ("config.json", "manifest.json", "fills.csv", "fills.parquet", "log.jsonl"):
        assert (run / name).is_file(), name


def test_the_same_run_again_has_the_same_trade_hash(quickstart):
    folder, answer = quickstart
    again = mismartera(folder, "run", QUICKSTART, "--json", PYTHONHASHSEED="7")
    assert json.loads(again.stdout)["summary"]["trade_hash"] == answer["summary"]["trade_hash"]


def test_runs_are_listed_and_shown(quickstart):
    folder, answer = quickstart
    listed = json.loads(mismartera(folder, "runs", "ls", "--json").stdout)["runs"]
    assert Path(answer["folder"]).name in [row["run"] for row in listed]
    shown = json.loads(
        mismartera(folder, "runs", "show", Path(answer["folder"]).name, "--json").stdout
    )
    assert shown["summary"] == answer["summary"]
    assert "simulated" in mismartera(folder, "runs", "show", "@last").stdout.lower()


def test_in_a_pipe_there_is_a_summary_and_no_progress_bar(quickstart):
    folder, answer = quickstart
    done = mismartera(folder, "run", QUICKSTART)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Files:" in done.stdout
    assert answer["summary"]["trade_hash"][:12] in done.stdout
    assert "\x1b" not in done.stdout


def test_quiet_says_nothing_and_works_all_the_same(quickstart):
    folder, _ = quickstart
    before = len(list((folder / "runtime/runs").iterdir()))
    done = mismartera(folder, "run", QUICKSTART, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list((folder / "runtime/runs").iterdir())) == before + 1


def test_the_demo_ends_by_saying_what_to_type_next(tmp_path):
    done = mismartera(tmp_path, "demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Next" in done.stdout
    assert "mismartera init" in done.stdout.splitlines()[-2]


def test_what_init_writes_runs_with_the_core_alone(tmp_path):
    assert mismartera(tmp_path, "init", "mine").returncode == 0
    alone = json.dumps(["alpaca", "examples", "indicators", "patterns"])
    words = ("run", "session.json", "--json")
    done = mismartera(tmp_path / "mine", *words, MISMARTERA_PLUGINS_DISABLED=alone)
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["sessions"] == 20


@pytest.mark.parametrize(
    ("override", "code", "message"),
    [
        ("moode=live", 2, "moode: unknown; did you mean 'mode'?"),
        ('session_data_config.symbols=["NOPE"]', 3, "NOPE"),
        ("strategies.0.name=sma_crss", 2, "did you mean 'sma_cross'"),
        ("exchange_group=MOON", 2, "MOON"),
    ],
)
def test_what_is_wrong_ends_with_one_sentence_and_its_code(tmp_path, override, code, message):
    done = mismartera(tmp_path, "run", QUICKSTART, "--set", override)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_ctrl_c_in_the_middle_ends_with_130_and_a_readable_run(tmp_path):
    paced = ("--set", "backtest_config.speed_multiplier=1000")
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "run", str(QUICKSTART), *paced],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if list(tmp_path.glob("runtime/runs/*/log.jsonl")) or process.poll() is not None:
            break
        Event().wait(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    (run,) = (tmp_path / "runtime/runs").iterdir()
    assert json.loads((run / "manifest.json").read_text())["exit_state"] == "interrupted"
    assert mismartera(tmp_path, "runs", "show").returncode == 0

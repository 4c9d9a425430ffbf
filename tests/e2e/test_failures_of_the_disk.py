"""Full disks, places that cannot be written, damaged files: one clear sentence, nothing lost."""

import json

import pytest
from failing_runs import MAIN, mismartera
from failing_runs import config_file as config_file

from mismartera_core import load_run


@pytest.mark.parametrize("limit", [50, 800, 3_000, 20_000, 60_000])
def test_a_disk_that_is_full(tmp_path, config_file, limit):
    """No file may grow beyond the limit, as on a file system that has no room."""
    file = config_file()
    full = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
    memory = {"MISMARTERA_DATABASE_URL": "sqlite://"}
    done = mismartera(tmp_path, "run", file, main=f"{full} {MAIN}", **memory)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("Error: could not write"), done.stderr
    assert "Try: free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert mismartera(tmp_path, "runs", "ls").returncode == 0
    (folder,) = (tmp_path / "runtime/runs").iterdir()
    if limit >= 3_000:
        assert json.loads((folder / "manifest.json").read_text())["exit_state"] == "failed"
        back = load_run(folder)
        assert back.summary["sessions"] == 5
        assert mismartera(tmp_path, "runs", "show").returncode == 0


def test_a_disk_that_is_full_before_the_database_is_open(tmp_path, config_file):
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));"
    done = mismartera(tmp_path, "run", config_file(), main=f"{full} {MAIN}")
    assert done.returncode == 3
    assert "Error: the database" in done.stderr
    assert "disk" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_that_cannot_be_written(tmp_path, config_file):
    (tmp_path / "runtime").write_text("a file where the folder would be")
    done = mismartera(tmp_path, "run", config_file())
    assert done.returncode in (1, 2, 3)
    assert "runtime" in done.stderr
    assert "Traceback" not in done.stderr
    assert "nobody foresaw" not in done.stderr


def test_a_damaged_data_file(tmp_path, config_file):
    day = "2024-01-02T14:{:02d}:00Z,10,11,9,10,100"
    rows = [day.format(minute) for minute in range(30, 60)]
    csv = tmp_path / "TEST.csv"
    csv.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n")
    done = mismartera(tmp_path, "data", "import", csv, "--symbol", "TEST", "--interval", "1m")
    assert done.returncode == 0, done.stderr
    stored = max((tmp_path / "runtime/data").rglob("*.parquet"))
    damaged = bytearray(stored.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    stored.write_bytes(damaged)
    file = config_file(
        backtest_config={"start_date": "2024-01-02", "end_date": "2024-01-02"},
        session_data_config={"symbols": ["TEST"], "streams": ["bars_1m"]},
        data_provider={"name": "parquet"},
    )
    done = mismartera(tmp_path, "run", file)
    assert done.returncode == 3, done.stderr
    assert stored.name in done.stderr
    assert "damaged" in done.stderr

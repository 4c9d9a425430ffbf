"""Every example in session_configs/ gives the result that is written down, on every path to it.

A change that is meant to alter results rewrites what is written down:

    UPDATE_GOLDEN=1 uv run pytest tests/golden/test_session_configs.py -k written_down
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from mismartera_core import Session, load_run
from mismartera_core.config.loading import load_config
from mismartera_core.config.settings import Settings
from mismartera_core.registry import Registry

ROOT = Path(__file__).parents[2]
EXPECTED = Path(__file__).parent / "expected"
CONFIGS = {path.stem: path for path in sorted((ROOT / "session_configs").glob("*.json"))}
NOT_A_RESULT = {"seconds", "bars_per_second", "notes"}
FAST_PATHS = {
    "portfolio": ("broker.config.leverage=null", "strategies.0.flat_by_close=null"),
    "signals": ("strategies.0.interval=null",),
}
"""Overrides by which orders are handled as arrays, or signals by a compiled loop."""
HASHES = """
import json, sys
from pathlib import Path
from mismartera_core import Session
from mismartera_core.config.settings import Settings
settings = Settings(runtime_dir=Path(sys.argv[1]))
print(json.dumps([Session(config, settings=settings).run().trade_hash for config in sys.argv[2:]]))
"""

every_config = pytest.mark.parametrize("name", CONFIGS)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run an example with overrides; equal runs are run once."""
    registry = Registry.discover()
    settings = Settings(runtime_dir=tmp_path_factory.mktemp("golden"))

    def fresh(name, *overrides):
        config = load_config(CONFIGS[name], overrides)
        return Session(config, settings=settings, registry=registry).run()

    fresh.once = cache(fresh)
    return fresh


def figures(run):
    """What a run is compared by: its summary and what identifies its bars and its fills."""
    manifest = json.loads((run.folder / "manifest.json").read_text())
    kept = {key: value for key, value in run.summary.items() if key not in NOT_A_RESULT}
    return {"data_fingerprint": manifest["data_fingerprint"], **kept}


def session_overrides(run, count):
    """Overrides that leave the first sessions of a run only."""
    days = run.summary["first_session"], run.record.sessions[count - 1].isoformat()
    return (
        "backtest_config.backtest_days=null",
        f'backtest_config.start_date="{days[0]}"',
        f'backtest_config.end_date="{days[1]}"',
    )


@every_config
def test_an_example_gives_what_is_written_down(run, name):
    found = figures(run.once(name))
    file = EXPECTED / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    expected = json.loads(file.read_text(encoding="utf-8"))
    assert found == {
        key: pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
        for key, value in expected.items()
    }


def test_nothing_is_written_down_of_an_example_that_is_gone():
    assert {path.stem for path in EXPECTED.glob("*.json")} == set(CONFIGS)


@every_config
def test_an_example_trades_and_says_what_it_is(run, name):
    summary = run.once(name).summary
    assert summary["trades"] > 20
    assert summary["simulated_data"] is True
    assert summary["quality"] == 1.0


@every_config
def test_twice_in_a_row_is_the_same(run, name):
    assert figures(run(name)) == figures(run.once(name))


@every_config
def test_a_run_folder_reads_back_as_the_run(run, name):
    made = run.once(name)
    back = load_run(made.folder)
    assert back.summary == made.summary
    assert back.trade_hash == made.trade_hash
    assert back.metrics == made.metrics
    for table in ("fills", "orders", "signals", "trades", "equity", "quality"):
        assert getattr(back, table).equals(getattr(made, table)), table


@every_config
@pytest.mark.parametrize("days", [1, 3, 50])
def test_however_far_is_prefetched(run, name, days):
    found = run(name, f"backtest_config.prefetch_days={days}")
    assert figures(found) == figures(run.once(name))
    assert found.equity.equals(run.once(name).equity)


@every_config
def test_paced_and_step_by_step(run, name):
    few = session_overrides(run.once(name), 2)
    at_once = run(name, *few)
    paced = run(name, *few, "backtest_config.speed_multiplier=1e6")
    assert at_once.summary["fills"] > 0
    assert paced.record.threads["AnalysisEngine"]["frames"] > 2
    assert figures(paced) == figures(at_once)
    assert paced.equity.equals(at_once.equity)


@pytest.mark.parametrize("name", FAST_PATHS)
@pytest.mark.parametrize("days", [1, 50])
def test_fast_paths_whatever_is_prefetched_and_paced(run, name, days):
    fast = FAST_PATHS[name]
    at_once = run(name, *fast)
    ahead = run(name, *fast, f"backtest_config.prefetch_days={days}")
    assert figures(ahead) == figures(at_once)
    assert ahead.equity.equals(at_once.equity)
    few = session_overrides(at_once, 2)
    paced = run(name, *fast, *few, "backtest_config.speed_multiplier=1e6")
    assert figures(paced) == figures(run(name, *fast, *few))


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_whatever_the_seed_of_hashes(run, tmp_path, seed):
    done = subprocess.run(
        [sys.executable, "-c", HASHES, str(tmp_path), *map(str, CONFIGS.values())],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [run.once(name).trade_hash for name in CONFIGS]

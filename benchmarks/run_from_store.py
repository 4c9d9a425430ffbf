"""One run of all symbols of a store by the command; a script of its own, for it is measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mismartera_core import load_run
from mismartera_core.cli import main as mismartera

KIB_PER_MIB = 1024


def main(root: str, first: str, last: str) -> None:
    """Run SMA cross from the first to the last day; prints what it took."""
    symbols = sorted(path.name for path in Path(root).glob("bars/1m/*"))
    config = {
        "session_name": "peak memory",
        "exchange_group": "US_EQUITY",
        "asset_class": "EQUITY",
        "mode": "backtest",
        "backtest_config": {"start_date": first, "end_date": last},
        "session_data_config": {"symbols": symbols, "streams": ["bars_1m"]},
        "data_provider": {"name": "parquet", "config": {"path": root}},
        "strategies": [{"name": "sma_cross", "params": {"fast": 10, "slow": 30, "shares": 100}}],
        "broker": {"name": "simulated", "config": {"cash": "1000000", "leverage": None}},
    }
    Path("config.json").write_text(json.dumps(config), encoding="utf-8")
    if code := mismartera(["run", "config.json", "--quiet"]):
        raise SystemExit(code)
    peak = _peak_mib()
    record = load_run("@last").record
    print(json.dumps({"peak_mib": peak, "seconds": record.seconds, "bars": record.bars}))


def _peak_mib() -> float:
    """Peak resident memory of this program, from Linux.

    Not `ru_maxrss`: that one starts with what the parent held when it started this process.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return round(int(line.split()[1]) / KIB_PER_MIB, 1)


if __name__ == "__main__":
    main(*sys.argv[1:])

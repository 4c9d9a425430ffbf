"""Measure and compare: `uv run python -m benchmarks`. Always ends with code 0; the table tells."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.report import RESULTS, machine, markdown, save
from benchmarks.runner import race
from benchmarks.scenarios import SCENARIOS, Setup


def main() -> None:
    """Run the scenarios that were asked for, in turn."""
    arguments = _arguments()
    tables, found = [], []
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(Path(folder), arguments.peers)
        for name in arguments.chosen:
            try:
                scenario = SCENARIOS[name](setup)
            except Exception as error:  # noqa: BLE001 - the others can still be measured
                tables.append(f"### {name}\n\nnot prepared: {type(error).__name__}: {error}\n")
                print(tables[-1], file=sys.stderr)
                continue
            rows = race(scenario, arguments.repeat)
            save(name, rows)
            tables.append(markdown(scenario, rows))
            found += [asdict(row) for row in rows]
            if not arguments.json:
                print(tables[-1], flush=True)
    about = machine()
    line = "Measured with Python {python} on {cores} cores ({machine}), load {load}.".format(
        **about
    )
    if arguments.json:
        print(json.dumps({"machine": about, "rows": found}))
    else:
        print(line)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "table.md").write_text("\n".join([line, "", *tables]), encoding="utf-8")
    print(f"Written to {RESULTS}", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help=f"scenarios whose name begins so; any of {', '.join(SCENARIOS)}",
    )
    parser.add_argument(
        "--peers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="run the peers too (minutes; installs them into an environment of their own)",
    )
    parser.add_argument("--repeat", type=int, default=5, help="rounds; medians are reported")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    arguments = parser.parse_args()
    arguments.chosen = [n for n in SCENARIOS if n.startswith(tuple(arguments.only or ("",)))]
    if not arguments.chosen:
        parser.error(f"no scenario begins so; there are {', '.join(SCENARIOS)}")
    return arguments


if __name__ == "__main__":
    main()

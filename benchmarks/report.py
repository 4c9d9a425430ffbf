"""Results as a Markdown table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.runner import Row, Scenario

RESULTS = Path(__file__).parent / "results"
HEADS = ("engine", "value", "each", "ratio", "target", "met", "fills", "agrees with", "note")
LONGEST_NOTE = 160
YES_NO = {True: "yes", False: "**no**", None: ""}


def machine() -> dict[str, Any]:
    """Where this was measured: ratios travel, seconds do not."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }


def markdown(scenario: Scenario, rows: list[Row]) -> str:
    """A heading and a table; the first row is what ratios are made against."""
    cells = [HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADS))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join([f"### {scenario.name}: {scenario.title}", "", *lines, ""])


def save(name: str, rows: list[Row]) -> Path:
    """One JSON file a scenario, replaced by the next run of it."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def _cells(row: Row) -> tuple[str, ...]:
    agrees = "" if row.agrees is None else row.rule if row.agrees else f"**not** {row.rule}"
    return (
        row.engine,
        "" if row.value is None else f"{row.value:.4g} {row.unit}",
        row.per_part,
        "" if row.ratio is None else f"{row.ratio:.3g} x",
        row.target,
        YES_NO[row.met],
        "" if row.fills is None else f"{row.fills:,}",
        agrees,
        row.note if len(row.note) <= LONGEST_NOTE else f"{row.note[:LONGEST_NOTE]} ...",
    )

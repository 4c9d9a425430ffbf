"""A report one can read in any editor and paste into a ticket: report.md in the run folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mismartera_core import PluginContext, RunView
from mismartera_core.model.orders import FOLLOWED

FILE = "report.md"


class MarkdownReport:
    """Writes the summary, the strategies, the days and why signals came to nothing."""

    def __init__(self, config: None, context: PluginContext) -> None:
        del config, context

    def write(self, run: RunView, folder: Path) -> Sequence[Path]:
        """Write report.md.

        Args:
            run: The finished run.
            folder: Its run folder.
        """
        label = " (simulated intraday)" if run.record.simulated_data else ""
        parts = [
            f"# {run.record.session_name}{label}",
            *(f"> {note}" for note in run.record.notes),
            "## Summary",
            _table(("Figure", "Value"), ((k, v) for k, v in run.summary.items() if k != "notes")),
            "## Strategies",
            _records(run.strategies),
            "## Days",
            _records(run.daily_returns.reset_index().to_dict("records")),
            "## Signals without a fill",
            _records(_refusals(run)),
        ]
        path = folder / FILE
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
        return [path]


def _refusals(run: RunView) -> list[dict[str, Any]]:
    signals = run.signals
    told = ~signals["reason"].isin(("", *FOLLOWED))
    reasons = signals.loc[(signals["filled_quantity"] == 0) & told, "reason"]
    return [{"reason": why, "count": count} for why, count in reasons.value_counts().items()]


def _records(rows: Sequence[Mapping[Any, Any]]) -> str:
    if not rows:
        return "none"
    head = tuple(str(name) for name in rows[0])
    return _table(head, (tuple(row.values()) for row in rows))


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    if value is None or value != value:
        return "n/a"
    text = f"{value:,.4f}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")

"""A sweep for the eye: its best sets on the terminal and in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from mismartera_core.system.run_rendering import Cells, as_text, html_table, plural, rich_table

if TYPE_CHECKING:
    import pandas as pd

    from mismartera_core.system.sweep import SweepResult

MOST_SETS = 20
_FIGURES = ("fills", "ending_cash", "ending_equity", "total_return", "trade_hash")
_RETURN = "total_return"


def short(result: SweepResult) -> str:
    """How many sets there are, and the best of them, in a line."""
    best: dict[str, Any] = _best_first(result).head(1).to_dict("records")[0]  # type: ignore[assignment]
    chosen = ", ".join(f"{name}={best[name]}" for name in best if name not in _FIGURES)
    return f"SweepResult({_sets(result)}, best {best[_RETURN]:+.2%} with {chosen})"


def plain(result: SweepResult) -> str:
    """The table as text, for `print`."""
    return as_text(render(result))


def render(result: SweepResult) -> RenderableType:
    """The sets by return, best first, and the notes."""
    notes = (Text(line, style="yellow") for line in _remarks(result))
    return Group(Text(_title(result), style="bold"), rich_table(*_table(result)), *notes)


def html(result: SweepResult) -> str:
    """The same for a notebook."""
    notes = "".join(f"<p>{escape(line)}</p>" for line in _remarks(result))
    return f"<div><b>{escape(_title(result))}</b>{html_table(*_table(result))}{notes}</div>"


def _sets(result: SweepResult) -> str:
    return plural(len(result.frame), "set")


def _title(result: SweepResult) -> str:
    return f"Sweep: {_sets(result)} of parameters in {result.seconds:.3f} s, by return"


def _remarks(result: SweepResult) -> list[str]:
    more = len(result.frame) - MOST_SETS
    left_out = [f"{plural(more, 'set')} more in .frame"] if more > 0 else []
    return [*left_out, *(f"Note: {note}" for note in result.notes)]


def _best_first(result: SweepResult) -> pd.DataFrame:
    return result.frame.sort_values(_RETURN, ascending=False, kind="stable")


def _table(result: SweepResult) -> tuple[Cells, list[Cells]]:
    best = _best_first(result).head(MOST_SETS)
    columns = [[_cell(str(name), value) for value in best[name]] for name in best.columns]
    head = tuple(str(name).replace("_", " ") for name in best.columns)
    return head, list(zip(*columns, strict=True))


def _cell(name: str, value: Any) -> str:
    if name == _RETURN:
        return f"{value:.2%}"
    if name in ("ending_cash", "ending_equity"):
        return f"{value:,.2f}"
    return str(value)[:16] if name == "trade_hash" else str(value)

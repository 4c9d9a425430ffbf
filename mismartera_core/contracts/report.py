"""Reports: what a finished run is turned into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from mismartera_core.model.results import RunRecord


class RunView(Protocol):
    """A finished run as a report reads it."""

    @property
    def record(self) -> RunRecord:
        """The run as columns."""

    @property
    def folder(self) -> Path | None:
        """Its run folder, None where it has none."""

    @property
    def trade_hash(self) -> str:
        """sha256 over the canonical fills."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """The figures of the summary table; None where one is undefined."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Every statistic of returns and trades; None where one is undefined."""

    @property
    def strategies(self) -> Sequence[Mapping[str, Any]]:
        """Trades, profit and costs of each strategy."""

    @property
    def equity(self) -> pd.DataFrame:
        """The account after each step, by time."""

    @property
    def daily_returns(self) -> pd.DataFrame:
        """Equity at the end of each session, profit and return."""

    @property
    def trades(self) -> pd.DataFrame:
        """Round trips; open ones last."""

    @property
    def orders(self) -> pd.DataFrame:
        """The signals that became an order."""

    @property
    def fills(self) -> pd.DataFrame:
        """Executions."""

    @property
    def signals(self) -> pd.DataFrame:
        """Everything asked for, what became of it, and why."""

    @property
    def quality(self) -> pd.DataFrame:
        """Completeness by session and symbol."""

    @property
    def gaps(self) -> pd.DataFrame:
        """Every absent run of bars, those that were filled among them."""


class Report(Protocol):
    """Writes a run to files."""

    def write(self, run: RunView, folder: Path) -> Sequence[Path]:
        """Write into the run folder.

        Args:
            run: The finished run.
            folder: An existing folder.

        Returns:
            The files written.
        """

"""A recorded session beside a backtest of its bars, and the tables of what they differ in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mismartera_core.config.loading import config_from
from mismartera_core.config.settings import Settings
from mismartera_core.contracts.strategy import PortfolioStrategy
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.market import from_ns
from mismartera_core.model.parity import Circumstances, Difference, Parity
from mismartera_core.registry import Registry, resolve_attribute
from mismartera_core.repositories.recording import read_recording
from mismartera_core.repositories.run_files import write_json, write_table
from mismartera_core.repositories.run_folder import read_run
from mismartera_core.services.parity import compare
from mismartera_core.system.recorded.beside import backtest_config, broker_beside, run_beside
from mismartera_core.system.recorded.recorded_bars import (
    RecordedBars,
    RecordedProvider,
    recorded_bars,
)
from mismartera_core.system.recorded.replaying import results
from mismartera_core.system.run import Run

if TYPE_CHECKING:
    import pandas as pd

TABLE = "parity"
BASE = "1m"
"""Base bars of a session that streams ticks or quotes only."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a comparison.

    Attributes:
        live: The session; where it was killed, its replay.
        test: The backtest of its bars.
        parity: Their orders, paired.
    """

    live: Run
    test: Run
    parity: Parity


def session_bars(folder: Path, until_ns: int | None = None) -> tuple[RecordedBars, str]:
    """The bars of a recorded session and their interval.

    Args:
        folder: Its run folder.
        until_ns: Only what was known by then; everything where left out.
    """
    config = config_from(read_run(folder).config())
    base = config.session_data_config.base_interval or BASE
    symbols = config.session_data_config.symbols
    return recorded_bars(read_recording(folder), symbols, interval_ns(base), until_ns), base


def parity(folder: Path, settings: Settings, registry: Registry) -> Compared:
    """Run the bars of a session as a backtest and pair the orders of the two.

    Args:
        folder: Run folder of the session.
        settings: Where things lie.
        registry: The plugins there are.

    Raises:
        DataError: The session was not recorded, or was killed and cannot be replayed.
    """
    bars, base = session_bars(folder)
    live, config = results(folder, settings, registry), read_run(folder).config()
    broker = broker_beside(config, registry, read_recording(folder), live.record.starting_cash)
    made = backtest_config(config, live.record.sessions[0], broker)
    provider = RecordedProvider(
        {symbol: bars.columns(row) for row, symbol in enumerate(bars.symbols)}, base
    )
    test = run_beside(made, provider, settings, registry)
    around = Circumstances(
        interval_ns=bars.interval_ns,
        began_ns=bars.steps[0].upto_ns,
        ended_ns=bars.steps[-1].upto_ns,
        troubles=bars.troubles(),
        lost=bars.feed.lost,
        looks_at_all=frozenset(
            row
            for row, chosen in enumerate(made.strategies)
            if issubclass(
                resolve_attribute(registry.get("strategy", chosen.name).factory), PortfolioStrategy
            )
        ),
    )
    return Compared(live, test, compare(live.record, test.record, around))


def write_parity(folder: Path, found: Compared) -> list[Path]:
    """Write what a comparison found into the run folder: parity.json, .csv and .parquet.

    Args:
        folder: Run folder of the session.
        found: The comparison.
    """
    zone = found.live.record.timezone
    path = folder / f"{TABLE}.json"
    write_json(path, parity_facts(found))
    return [path, *write_table(folder, TABLE, lambda: [_table(found.parity.differences, zone)])]


def parity_facts(found: Compared) -> dict[str, Any]:
    """A comparison as JSON values."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(found.live.record.timezone)
    return {
        "orders": found.parity.orders,
        "backtest_orders": found.parity.backtest_orders,
        "paired": found.parity.paired,
        "trade_hash": found.live.trade_hash,
        "backtest_trade_hash": found.test.trade_hash,
        "differences": [
            {
                "cause": each.cause.value,
                "at": from_ns(each.bar_ns, zone).isoformat(),
                "strategy": each.strategy,
                "symbol": each.symbol,
                "side": each.side,
                "live": each.live,
                "backtest": each.backtest,
                "detail": each.detail,
            }
            for each in found.parity.differences
        ],
    }


def _table(differences: Iterable[Difference], zone: str) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from mismartera_core.services.run_tables import times

    rows = list(differences)
    words = {
        name: pd.Series([str(getattr(row, name)) for row in rows], dtype="str")
        for name in ("cause", "strategy", "symbol", "side", "live", "backtest", "detail")
    }
    at = times(np.array([row.bar_ns for row in rows], dtype=np.int64), zone)
    return pd.DataFrame({"cause": words.pop("cause"), "at": at, **words})

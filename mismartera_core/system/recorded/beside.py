"""A backtest beside a recorded session: the same bars, and the simulated broker."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import Any

from mismartera_core.config.loading import config_from
from mismartera_core.config.session_config import SessionConfig
from mismartera_core.config.settings import Settings
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.model.results import MICROS
from mismartera_core.registry import Registry
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.recording import Recording
from mismartera_core.repositories.recording_values import decode
from mismartera_core.services.config_resolution import resolve
from mismartera_core.system.planning import make_plan, session_context
from mismartera_core.system.risk_block import STANDARD
from mismartera_core.system.run import Run
from mismartera_core.system.system_manager import SystemManager, simulated_clock


def backtest_config(live: Mapping[str, Any], day: date, broker: Mapping[str, Any]) -> SessionConfig:
    """The config of a live session as that of a backtest of its day.

    Args:
        live: The live config, as JSON has it.
        day: The day.
        broker: The simulated broker that stands for that of the venue.
    """
    risk = list(live["risk"] or ())
    if all(check["name"] != STANDARD for check in risk):
        risk.append({"name": STANDARD})  # in force in every live session
    data = {**live["session_data_config"], "gap_filler": None, "min_quality": None}
    return config_from(
        {
            **live,
            "mode": "backtest",
            "backtest_config": {"start_date": day.isoformat(), "end_date": day.isoformat()},
            "session_data_config": data,
            "broker": broker,
            "risk": risk,
            "outputs": [],
        }
    )


def broker_beside(
    live: Mapping[str, Any], registry: Registry, recording: Recording, starting_cash: int
) -> dict[str, Any]:
    """The simulated broker with the cash and the leverage that the session had.

    Args:
        live: The live config, as JSON has it.
        registry: The plugins there are.
        recording: The recording.
        starting_cash: In 1e-6 currency units.
    """
    chosen: dict[str, Any] = dict(live["broker"])
    if registry.get("broker", chosen["name"]).simulated:
        return chosen
    accounts = (decode(i.came) for i in recording.items if i.kind == "venue.account" and i.came)
    leverage = next((float(account.multiplier) for account in accounts), None)
    cash = Decimal(starting_cash) / MICROS
    return {"name": "simulated", "config": {"cash": str(cash), "leverage": leverage}}


def run_beside(
    config: SessionConfig, provider: DataProvider, settings: Settings, registry: Registry
) -> Run:
    """Run a backtest on bars of a provider that is there already; nothing is written.

    Args:
        config: Of a backtest.
        provider: Has the bars.
        settings: Where things lie.
        registry: The plugins there are.

    Raises:
        MisMarteraError: What stopped it.
    """
    resolved = resolve(config, registry)
    with closing(open_database(settings.database_url)) as database:
        clock = TimeManager(database, config.exchange_group, config.asset_class)
        context = session_context(config, registry, clock, settings.data_dir)
        plan = make_plan(config, resolved, clock, context, given=provider)
        outcome = SystemManager(plan, registry, simulated_clock(clock)).run()
    if outcome.error is not None:
        raise outcome.error
    return Run(outcome.record)

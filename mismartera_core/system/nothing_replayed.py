"""A run that found nothing to replay has failed: its summary would say that nothing was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mismartera_core.config.session_config import SessionConfig
from mismartera_core.errors import DataError
from mismartera_core.system.system_manager import Outcome
from mismartera_core.threads.plan import Plan

_NAMED = 5
"""Symbols that the message names."""


def refuse_nothing(outcome: Outcome, plan: Plan, config: SessionConfig) -> Outcome:
    """The outcome, with an error where it went to its end without one bar, tick or quote.

    Args:
        outcome: What the run came to.
        plan: What ran.
        config: What was asked for.
    """
    other_streams = plan.load_ticks is not None or plan.load_quotes is not None
    if outcome.error is not None or outcome.record.bars or other_streams:
        return outcome
    first, last = plan.table.dates[plan.first], plan.table.dates[-1]
    provider = config.data_provider.name
    outside = sum(report.outside for report in outcome.record.quality)
    if outside:
        hint = (
            f"{outside} bars lie outside its sessions: look at exchange_group, at "
            "session_data_config.hours and at the time zone of the data"
        )
    else:
        hint = (
            "look at backtest_config and session_data_config.symbols, and at what there is: "
            "mismartera data ls"
        )
    error = DataError(
        f"data provider {provider!r} has not one {plan.interval} bar of {_listed(plan.symbols)} "
        f"in the sessions of {config.exchange_group} from {first} to {last}",
        hint=hint,
    )
    return replace(outcome, record=replace(outcome.record, error=str(error)), error=error)


def _listed(symbols: Sequence[str]) -> str:
    more = len(symbols) - _NAMED
    return ", ".join(symbols[:_NAMED]) + (f" and {more} more" if more > 0 else "")

"""The risk checks of a run: those of the config, and in a live session always `standard`."""

from __future__ import annotations

from collections.abc import Sequence

from mismartera_core.builtin.standard.check import StandardCheck
from mismartera_core.builtin.standard.config import StandardConfig
from mismartera_core.config.session_config import SessionConfig
from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.risk import RiskCheck
from mismartera_core.errors import ConfigError
from mismartera_core.services.config_resolution import Resolved
from mismartera_core.system.plugin_calls import build
from mismartera_core.threads.plan import TrailingAverage
from mismartera_core.threads.replay.facts import AVERAGE_VOLUME, VOLUME_DAYS

STANDARD = "standard"

Checks = tuple[tuple[str, RiskCheck], ...]


def risk_checks(config: SessionConfig, resolved: Resolved, context: PluginContext) -> Checks:
    """The checks of a run by name, in the order in which they are asked.

    Raises:
        ConfigError: A live session would do without a limit.
    """
    checks = tuple((c.record.name, build("risk check", c, context)) for c in resolved.risk or ())
    if config.mode == "backtest":
        return checks
    for row, (name, check) in enumerate(checks):
        _refuse_removed(row, name, getattr(check, "removed", ()))
    if STANDARD in dict(checks):
        return checks
    return (*checks, (STANDARD, StandardCheck(StandardConfig())))


def _refuse_removed(row: int, name: str, off: Sequence[str]) -> None:
    if off:
        raise ConfigError(
            f"risk.{row} {name!r}: a live session may change a limit, not remove it, and "
            f"{', '.join(off)} {'is' if len(off) == 1 else 'are'} null",
            hint="give each a number, or leave it out for its default",
        )


def flat_minutes(checks: Checks) -> int | None:
    """Minutes before the close at which checks have every strategy go flat; None for never."""
    found = [getattr(check, "flat_minutes", None) for _, check in checks]
    return max((minutes for minutes in found if minutes is not None), default=None)


def volume_of_risk(checks: Checks, symbols: int) -> dict[str, TrailingAverage]:
    """The historical indicator that checks with `wants_facts` need."""
    if not any(getattr(check, "wants_facts", False) for _, check in checks):
        return {}
    every = tuple(range(symbols))
    return {AVERAGE_VOLUME: TrailingAverage(field="volume", days=VOLUME_DAYS, symbols=every)}

"""`standard` as a risk check and as a monitor of the account."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

from mismartera_core import (
    AccountView,
    OrderRequest,
    PluginContext,
    Refusal,
    RiskState,
    RiskVerdict,
)
from mismartera_core.builtin.standard.config import StandardConfig, removed, tightened
from mismartera_core.builtin.standard.entries import LIMITS

log = logging.getLogger(__name__)

GIB = 1024**3

_Breach = tuple[RiskState, str, str]


class StandardCheck:
    """Refuses entries beyond the limits of its config, and says when the account is to stop.

    An order that does no more than reduce a position passes: only a halted account keeps it back.

    Args:
        config: Its validated config.
        context: Unused; what every plugin is handed.

    Attributes:
        wants_facts: It is handed an account with its facts filled in.
    """

    wants_facts = True

    def __init__(self, config: StandardConfig, context: PluginContext | None = None) -> None:
        del context
        self._config = config
        self._losses: dict[str, int] = {}
        self._read_ns = -1
        self._warned = False

    @property
    def config(self) -> StandardConfig:
        """The numbers in force."""
        return self._config

    @property
    def removed(self) -> tuple[str, ...]:
        """Limits that are switched off; a live session takes none such."""
        return removed(self._config)

    @property
    def flat_minutes(self) -> int | None:
        """Minutes before the close at which strategies go flat; None where they may stay."""
        return self._config.flat_before_close if self._config.style == "day" else None

    def tighten(self, changes: Mapping[str, Any]) -> None:
        """Change limits while the account is armed.

        Raises:
            ConfigError: A change would allow more than before.
        """
        self._config = tightened(self._config, changes)

    def check(self, request: OrderRequest, account: AccountView) -> Refusal | None:
        """The reason of a refusal, or None where the order may leave."""
        # The position decides, not the word of the request alone.
        against = request.side * account.position < 0.0
        if against and not request.opens and 0.0 < request.quantity <= abs(account.position):
            return None
        for limit in LIMITS:
            refused = limit(self._config, request, account)
            if refused is not None:
                return refused
        return None

    def watch(self, account: AccountView, now_ns: int) -> RiskVerdict | None:
        """The severest state that the account calls for."""
        self._warn(account.facts.clock_skew)
        del now_ns
        breaches = [*self._losses_found(account), *self._others(account)]
        if not breaches:
            return None
        state, limit, reason = max(breaches, key=lambda breach: breach[0].severity)
        return RiskVerdict(state=state, limit=limit, reason=f"{limit}: {reason}")

    def _losses_found(self, account: AccountView) -> Iterator[_Breach]:
        """Losses that so many looks in a row have found, each after a step of its own."""
        marked_ns = account.facts.marked_ns
        fresh, self._read_ns = marked_ns != self._read_ns, marked_ns
        config = self._config
        day = _percent_below(account.equity, account.day_start_equity)
        fall = _percent_below(account.equity, account.facts.peak_equity)
        of_day, of_peak = "of the session", "from the highest equity"
        for limit, state, what, found, bound in (
            ("daily_loss", RiskState.REDUCING, of_day, day, config.daily_loss_percent),
            ("daily_loss_halt", RiskState.HALTED, of_day, day, config.daily_loss_halt_percent),
            ("drawdown", RiskState.HALTED, of_peak, fall, config.drawdown_percent),
        ):
            if bound is None or found < bound:
                self._losses[limit] = 0
                continue
            self._losses[limit] = reads = self._losses.get(limit, 0) + fresh
            if reads >= config.loss_reads:
                text = f"loss {what} is {found:.3f} %, less than {bound:g} % allowed"
                yield state, limit, f"{text} ({reads} looks in a row)"

    def _others(self, account: AccountView) -> Iterator[_Breach]:
        config, facts = self._config, account.facts
        halted = RiskState.HALTED
        for limit, count, most in (
            ("orders_per_day", account.orders_today, config.orders_per_day),
            ("orders_per_minute", facts.orders_last_minute, config.orders_per_minute),
        ):
            if most is not None and count > most:
                yield halted, limit, f"{count:g} orders have left, at most {most}"
        for limit, count, most in (
            (
                "symbol_rejects_per_minute",
                facts.symbol_rejects_last_minute,
                config.symbol_rejects_per_minute,
            ),
            ("rejects_per_minute", facts.rejects_last_minute, config.rejects_per_minute),
        ):
            if most is not None and count >= most:
                whose = "of a symbol " if limit.startswith("symbol") else ""
                yield halted, limit, f"{count:g} orders {whose}rejected, less than {most} allowed"
        if config.disk_free_gib is not None and not facts.disk_free >= config.disk_free_gib * GIB:
            free = facts.disk_free / GIB
            text = f"{free:.3g} GiB left on the disk, at least {config.disk_free_gib:g}"
            yield halted, "disk", text
        if config.feed_seconds is not None and not facts.feed_age < config.feed_seconds:
            text = f"silent for {facts.feed_age:g} s, less than {config.feed_seconds:g} s allowed"
            yield RiskState.REDUCING, "feed", text

    def _warn(self, skew: float) -> None:
        """Say once that the clocks go apart, and again after they have met."""
        bound = self._config.clock_skew_warn
        apart = bound is not None and not abs(skew) < bound
        if apart and not self._warned:
            log.warning(
                "the clock is %.3g s away from the venue's; entries end at %s s",
                skew,
                self._config.clock_skew,
            )
        self._warned = apart


def _percent_below(value: float, start: float) -> float:
    """How far a value lies below where it started, percent; NaN where that cannot be said."""
    return (start - value) / start * 100.0 if start > 0.0 else math.nan

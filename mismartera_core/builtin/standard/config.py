"""The numbers of `standard`, each with its default; null switches a limit off in a backtest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core.core_schema import ValidationInfo

from mismartera_core import ConfigError

LOWER = "lower"
HIGHER = "higher"
_SWITCHES = ("shorts", "settled_funds", "self_cross")
_PDT_ORDER = ("off", "auto", "legacy")


def _limit(default: Any, tighter: str, description: str, **bounds: Any) -> Any:
    """A limit; `tighter` says which way it allows less."""
    return Field(
        default=default,
        description=description,
        json_schema_extra={"tighter": tighter},
        **bounds,
    )


class StandardConfig(BaseModel):
    """Limits of the account. What is left out has its default; null switches a limit off."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    order_notional: float | None = _limit(5_000.0, LOWER, "Largest order, account currency.", gt=0)
    order_notional_percent: float | None = _limit(
        10.0, LOWER, "Largest order, percent of equity.", gt=0, le=100_000
    )
    order_volume_percent: float | None = _limit(
        1.0, LOWER, "Largest order, percent of the units traded a day (mean of 20 days).", gt=0
    )
    price_collar_percent: float | None = _limit(
        3.0, LOWER, "Farthest price from the quote, or the last close, percent.", gt=0, le=100
    )
    quote_seconds: float = Field(
        default=5.0, gt=0, description="Age up to which a quote counts, seconds."
    )
    position_percent: float | None = _limit(
        20.0, LOWER, "Largest position of a symbol, percent of equity.", gt=0, le=100_000
    )
    gross_percent: float | None = _limit(
        100.0, LOWER, "All positions and working entries together, percent of equity.", gt=0
    )
    positions: int | None = _limit(10, LOWER, "Symbols with a position or an entry.", ge=1)
    strategy_orders_per_minute: int | None = _limit(
        10, LOWER, "Orders of a strategy within 60 s; more are refused.", ge=1
    )
    orders_per_minute: int | None = _limit(
        30, LOWER, "Orders of the account within 60 s; one more halts it.", ge=1
    )
    orders_per_day: int | None = _limit(
        500, LOWER, "Orders of the account in a session; one more halts it.", ge=1
    )
    duplicate_seconds: float | None = _limit(
        5.0, HIGHER, "Seconds in which an order of one symbol, side and units counts as sent.", gt=0
    )
    daily_loss_percent: float | None = _limit(
        2.0, LOWER, "Loss of the session at which only reducing is allowed, percent.", gt=0, le=100
    )
    daily_loss_halt_percent: float | None = _limit(
        3.0, LOWER, "Loss of the session that halts the account, percent.", gt=0, le=100
    )
    drawdown_percent: float | None = _limit(
        10.0, LOWER, "Loss from the highest equity that halts the account, percent.", gt=0, le=100
    )
    loss_reads: int = Field(
        default=3,
        ge=1,
        le=100,
        description="Looks in a row that must find a loss.",
    )
    symbol_rejects_per_minute: int | None = _limit(
        3,
        LOWER,
        "Rejections of a symbol by the venue within 60 s that halt the account.",
        ge=1,
    )
    rejects_per_minute: int | None = _limit(
        5, LOWER, "Rejections by the venue within 60 s that halt the account.", ge=1
    )
    stale_intervals: float | None = _limit(
        2.0, LOWER, "Oldest bar of a symbol for entries: so many intervals and stale_seconds.", gt=0
    )
    stale_seconds: float = Field(
        default=10.0, ge=0, description="Seconds added to stale_intervals."
    )
    feed_seconds: float | None = _limit(
        60.0, LOWER, "Silence of the feed at which only reducing is allowed, seconds.", gt=0
    )
    clock_skew_warn: float | None = _limit(
        0.5, LOWER, "Difference from the venue's clock that is logged, seconds.", gt=0
    )
    clock_skew: float | None = _limit(
        2.0, LOWER, "Difference from the venue's clock without entries, seconds.", gt=0
    )
    minutes_after_open: float | None = _limit(
        1.0, HIGHER, "Minutes after the open without entries.", ge=0, le=1440
    )
    minutes_before_close: float | None = _limit(
        10.0, HIGHER, "Minutes before the close, half days too, without entries.", ge=0, le=1440
    )
    style: Literal["day", "swing"] = Field(
        default="day", description="'day' is flat before the close, 'swing' may stay overnight."
    )
    flat_before_close: int = Field(
        default=5, ge=1, le=1440, description="Minutes before the close at which 'day' goes flat."
    )
    shorts: bool = _limit(False, "false", "Whether positions may be short.")
    excess_margin_percent: float | None = _limit(
        10.0, HIGHER, "Equity of a margin account that backs nothing, percent.", ge=0, le=100
    )
    settled_funds: bool = _limit(
        True, "true", "Whether a cash account buys with settled money only (T+1)."
    )
    pdt_regime: Literal["auto", "off", "legacy"] = Field(
        default="auto",
        description="Day trades below 25,000: 'legacy' allows 3 in 5 days, 'off' any number; "
        "'auto' goes by the broker, else by the end of the rule (2026-06-04).",
    )
    self_cross: bool = _limit(
        True, "true", "Whether an entry against a working order of yours is refused."
    )
    disk_free_gib: float | None = _limit(
        1.0, HIGHER, "Room on the disk of the journal below which the account halts, GiB.", gt=0
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_values(cls, value: Any, info: ValidationInfo) -> Any:
        # pydantic would read true as 1.0
        if isinstance(value, bool) and info.field_name not in _SWITCHES:
            raise ValueError(f"expected a number, was {str(value).lower()}")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        reducing, halting = self.daily_loss_percent, self.daily_loss_halt_percent
        if reducing is not None and halting is not None and reducing > halting:
            raise ValueError(
                f"daily_loss_percent {reducing:g} must not be above "
                f"daily_loss_halt_percent {halting:g}"
            )
        return self


def removed(config: StandardConfig) -> tuple[str, ...]:
    """Limits that a config has switched off: a live session takes none such."""
    off = [name for name in StandardConfig.model_fields if getattr(config, name) is None]
    return tuple(off)


def tightened(config: StandardConfig, changes: Mapping[str, Any]) -> StandardConfig:
    """A config with some limits changed, each so that it allows no more than before.

    Args:
        config: The numbers in force.
        changes: New values by name of the limit.

    Raises:
        ConfigError: A change would loosen a limit, names no limit, or is no number for it.
    """
    try:
        made = StandardConfig(**{**config.model_dump(), **changes})
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"risk standard: {found}") from error
    for name in changes:
        old, new = getattr(config, name), getattr(made, name)
        if not as_tight(name, old, new):
            raise ConfigError(
                f"risk standard: {name} is {_told(old)} and may only be tightened while armed, "
                f"was asked to become {_told(new)}",
                hint="stop the session, change its config, and start it again",
            )
    return made


def as_tight(name: str, old: Any, new: Any) -> bool:
    """Whether a limit at `new` allows no more than it does at `old`.

    Args:
        name: Name of a field.
        old: Its value before.
        new: Its value after.
    """
    if new == old:
        return True
    if name == "pdt_regime":
        return _PDT_ORDER.index(new) > _PDT_ORDER.index(old) and new != "auto"
    extra = StandardConfig.model_fields[name].json_schema_extra
    tighter = extra.get("tighter") if isinstance(extra, dict) else None
    if tighter in ("true", "false"):
        return bool(new) is (tighter == "true")
    if tighter is None or new is None:
        return False
    return old is None or bool(new < old if tighter == LOWER else new > old)


def _told(value: Any) -> str:
    return "off" if value is None else str(value)

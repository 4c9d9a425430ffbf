"""The session config: one JSON file that says what a session trades, on what data and how."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mismartera_core.config.fields import (
    BARS_PREFIX,
    UNIQUE,
    ApplyTo,
    Day,
    Days,
    Interval,
    PluginConfig,
    Problem,
    Stream,
    Symbols,
    Text,
    absent,
    given,
    one_sentence,
    refuse,
    unique,
    where,
)
from mismartera_core.model.intervals import interval_ns, is_daily


class _Part(BaseModel):
    """A part of the config: strict, frozen, nothing unknown."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=False
    )


class PluginChoice(_Part):
    """A plugin chosen by name."""

    name: Text = Field(description="Name under which a plugin registered it.")
    config: PluginConfig = Field(default={}, description="Its own config.")


class BacktestConfig(_Part):
    """Which sessions a backtest replays, and how fast."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"allOf": [given("backtest_days"), absent("start_date", "end_date")]},
                {"allOf": [given("start_date", "end_date"), absent("backtest_days")]},
            ]
        }
    )

    backtest_days: Days | None = Field(
        default=None, description="Trading days, counted back from the newest data."
    )
    start_date: Day | None = Field(default=None, description="First day, with end_date.")
    end_date: Day | None = Field(default=None, description="Last day, included.")
    speed_multiplier: float = Field(
        default=0.0, ge=0, le=1e6, description="1 is real time, 60 a minute a second, 0 no pacing."
    )
    prefetch_days: int = Field(
        default=5, ge=1, le=1000, description="Sessions prepared ahead of the one that is replayed."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        dates = (self.start_date, self.end_date)
        if (self.backtest_days is None) == (dates == (None, None)):
            refuse([((), "expected either backtest_days, or start_date and end_date")])
        if self.backtest_days is None:
            refuse(
                ((name,), "is missing: start_date and end_date go together")
                for name in ("start_date", "end_date")
                if getattr(self, name) is None
            )
            if self.start_date and self.end_date and self.end_date < self.start_date:
                text = f"{self.end_date} lies before start_date {self.start_date}"
                refuse([(("end_date",), text)])
        return self


class LiveConfig(_Part):
    """How a live session listens."""

    settle_seconds: float = Field(
        default=0.25,
        gt=0,
        le=30,
        description="How long a step waits, from the close of a bar on, for symbols without one.",
    )


class HistoricalData(_Part):
    """Bars that are there when a session begins."""

    apply_to: ApplyTo = Field(description="'all', or the symbols it is meant for.")
    intervals: Annotated[tuple[Interval, ...], Field(min_length=1), AfterValidator(unique)] = Field(
        json_schema_extra=UNIQUE,
        description="Bar intervals to hold; what the provider lacks is generated.",
    )
    trailing_days: Annotated[
        Annotated[int, Field(ge=0, le=36_525)] | Literal["all"],
        one_sentence("a number of trading days from 0, or 'all'"),
    ] = Field(description="Trading days before the session, or 'all'.")


class HistoricalIndicator(_Part):
    """A figure of the trailing days, known before the session begins."""

    type: Literal["trailing_average"] = Field(description="What is computed.")
    field: Literal["open", "high", "low", "close", "volume"] = Field(description="Of which column.")
    period: str = Field(pattern=r"^[1-9][0-9]{0,3}d$", description="Trading days, such as '10d'.")
    granularity: Literal["daily"] = Field(description="Of bars of which length.")
    apply_to: ApplyTo = Field(default="all", description="'all', or the symbols it is meant for.")


class HistoricalConfig(_Part):
    """What lies before the session."""

    enable_quality: bool = Field(default=True, description="Measure the quality of history too.")
    data: tuple[HistoricalData, ...] = Field(default=(), description="Bars to hold.")
    indicators: dict[Text, HistoricalIndicator] = Field(
        default={}, description="Figures of the trailing days, by a name of yours."
    )


class GapFillerConfig(_Part):
    """How live gaps are filled, and whether quality is measured during the session."""

    name: Text | None = Field(description="Gap filler by name; null only measures.")
    config: PluginConfig = Field(default={}, description="Its own config.")
    max_retries: int = Field(default=5, ge=0, le=1000, description="Attempts per gap.")
    retry_interval_seconds: float = Field(
        default=60.0, gt=0, le=86_400, description="Pause between attempts."
    )
    enable_session_quality: bool = Field(default=True, description="Measure during the session.")


class SessionDataConfig(_Part):
    """Symbols, streams and history."""

    symbols: Symbols = Field(description="What is traded, in the order in which it is served.")
    streams: Annotated[tuple[Stream, ...], Field(min_length=1), AfterValidator(unique)] = Field(
        json_schema_extra=UNIQUE,
        description="'bars_1m' and the like, 'ticks', 'quotes'; derived bars need no stream.",
    )
    hours: Literal["regular", "extended"] = Field(
        default="regular", description="Regular hours, or pre- and post-market too."
    )
    historical: HistoricalConfig = Field(
        default=HistoricalConfig(), description="What lies before the session."
    )
    gap_filler: GapFillerConfig | None = Field(default=None, description="How gaps are filled.")
    min_quality: float | None = Field(
        default=None, ge=0, le=1, description="A backtest refuses data below this completeness."
    )

    @property
    def base_interval(self) -> str | None:
        """The finest bar interval that is streamed; None where only ticks or quotes are."""
        bars = [s.removeprefix(BARS_PREFIX) for s in self.streams if s.startswith(BARS_PREFIX)]
        return min(bars, key=interval_ns, default=None)

    @field_validator("historical")
    @classmethod
    def _known_symbols(cls, value: HistoricalConfig, info: ValidationInfo) -> HistoricalConfig:
        if (symbols := info.data.get("symbols")) is not None:
            parts: list[tuple[str, str | int, HistoricalData | HistoricalIndicator]] = [
                *(("data", row, part) for row, part in enumerate(value.data)),
                *(("indicators", name, part) for name, part in value.indicators.items()),
            ]
            refuse(
                problem
                for group, key, part in parts
                if part.apply_to != "all"
                for problem in _foreign((group, key, "apply_to"), part.apply_to, symbols)
            )
        return value


class StrategyConfig(_Part):
    """A strategy chosen by name, with its parameters."""

    name: Text = Field(description="Name under which a plugin registered it.")
    id: Text | None = Field(default=None, description="Your label for it; its name by default.")
    params: PluginConfig = Field(default={}, description="Its own parameters.")
    symbols: Symbols | None = Field(default=None, description="Some of the symbols; null is all.")
    interval: Interval | None = Field(
        default=None, description="Bars it listens to; the streamed ones by default."
    )
    flat_by_close: int | None = Field(
        default=None, ge=0, le=1440, description="Minutes before the close at which it goes flat."
    )

    @property
    def label(self) -> str:
        """What orders and fills call it."""
        return self.id or self.name


class CostsConfig(_Part):
    """Cost models of a simulated broker; null costs nothing."""

    commission: PluginChoice | None = Field(default=None, description="The fee of a fill.")
    slippage: PluginChoice | None = Field(default=None, description="The price really paid.")
    participation: PluginChoice | None = Field(
        default=None, description="The most of a bar that can be traded."
    )


_AT_LEAST_ONE = {"properties": {"risk": {"minItems": 1}}}


class SessionConfig(_Part):
    """All that a session needs to know."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                where("backtest", given("backtest_config")),
                where("live", absent("backtest_config")),
                where("live", {"allOf": [given("risk"), _AT_LEAST_ONE]}),
            ]
        }
    )

    schema_: str | None = Field(
        default=None, alias="$schema", description="JSON Schema, for editors; otherwise ignored."
    )
    session_name: Text = Field(description="What runs and reports call it.")
    exchange_group: Text = Field(description="Whose calendar holds, such as 'US_EQUITY'.")
    asset_class: Text = Field(description="Such as 'EQUITY'.")
    mode: Literal["backtest", "live"] = Field(description="Replay the past, or trade the present.")
    backtest_config: BacktestConfig | None = Field(
        default=None, validate_default=True, description="Which sessions a backtest replays."
    )
    live_config: LiveConfig = Field(
        default=LiveConfig(), description="How a live session listens; a backtest ignores it."
    )
    session_data_config: SessionDataConfig = Field(description="Symbols, streams and history.")
    data_provider: PluginChoice = Field(description="Where data come from.")
    strategies: tuple[StrategyConfig, ...] = Field(min_length=1, description="Who decides.")
    broker: PluginChoice = Field(description="Who fills orders.")
    costs: CostsConfig = Field(default=CostsConfig(), description="What trading costs.")
    risk: tuple[PluginChoice, ...] | None = Field(
        default=None, validate_default=True, description="Checks before an order leaves."
    )
    outputs: tuple[PluginChoice, ...] = Field(default=(), description="Reports of the run.")

    @field_validator("backtest_config")
    @classmethod
    def _backtest_by_mode(
        cls, value: BacktestConfig | None, info: ValidationInfo
    ) -> BacktestConfig | None:
        mode = info.data.get("mode")
        if mode == "backtest" and value is None:
            refuse([((), "is missing: mode is 'backtest'")])
        if mode == "live" and value is not None:
            refuse([((), "belongs to mode 'backtest', and mode is 'live'")])
        return value

    @field_validator("risk")
    @classmethod
    def _risk_by_mode(
        cls, value: tuple[PluginChoice, ...] | None, info: ValidationInfo
    ) -> tuple[PluginChoice, ...] | None:
        if info.data.get("mode") == "live" and not value:
            refuse([((), "expected at least one risk check: mode is 'live'")])
        return value

    @field_validator("strategies")
    @classmethod
    def _fit_the_data(
        cls, value: tuple[StrategyConfig, ...], info: ValidationInfo
    ) -> tuple[StrategyConfig, ...]:
        problems = _same_labels(value)
        data = info.data.get("session_data_config")
        if isinstance(data, SessionDataConfig):
            for row, part in enumerate(value):
                problems += _foreign((row, "symbols"), part.symbols or (), data.symbols)
                problems += _coarser((row, "interval"), part.interval, data.base_interval)
        refuse(problems)
        return value


def _foreign(
    loc: tuple[str | int, ...], chosen: Iterable[str], symbols: tuple[str, ...]
) -> list[Problem]:
    return [
        ((*loc, row), f"{symbol!r} is not among session_data_config.symbols")
        for row, symbol in enumerate(chosen)
        if symbol not in symbols
    ]


def _coarser(loc: tuple[str | int, ...], interval: str | None, base: str | None) -> list[Problem]:
    """Bars can be made of finer ones only, in whole numbers of them."""
    if interval is None or base is None or is_daily(interval):
        return []
    if interval_ns(interval) % interval_ns(base) == 0:
        return []
    return [(loc, f"{interval!r} bars cannot be made of the streamed {base!r} bars")]


def _same_labels(strategies: tuple[StrategyConfig, ...]) -> list[Problem]:
    labels = [strategy.label for strategy in strategies]
    return [
        ((row, "id"), f"{label!r} names an earlier strategy too; give each an id of its own")
        for row, label in enumerate(labels)
        if label in labels[:row]
    ]

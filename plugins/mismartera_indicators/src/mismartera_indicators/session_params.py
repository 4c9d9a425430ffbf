"""Parameters of what counts sessions, days and minutes."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from mismartera_indicators.params import Deviations, Params, Sessions, Source


class Vwap(Params):
    """The price that is weighted, and the width of the band."""

    source: Source = Field("hlc3", description="Price of a bar")
    deviations: Deviations = 1.0


def _anchor(text: str) -> str:
    if text in ("session", "week", "month"):
        return text
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError(
            "expected 'session', 'week', 'month' or an ISO time with its offset such as "
            f"'2025-07-01T09:30-04:00', was {text!r}"
        )
    return text


class AnchoredVwap(Vwap):
    """Where the sums begin, the price that is weighted, and the width of the band."""

    anchor: Annotated[str, AfterValidator(_anchor)] = Field(
        "week",
        description="'session', 'week', 'month', or an ISO time with its offset",
    )


class OpeningRange(Params):
    """How long the range is measured."""

    minutes: int = Field(30, ge=1, le=1440, description="Minutes from the start of the session")


class RelativeVolume(Params):
    """How many sessions are compared with."""

    sessions: Sessions = 20


class Trailing(Params):
    """A figure of trailing daily bars, as `historical.indicators` of a session config names it."""

    field: Literal["open", "high", "low", "close", "volume"] = Field(
        "volume", description="Of which column"
    )
    period: str = Field(
        "10d", pattern=r"^[1-9][0-9]{0,3}d$", description="Trading days, such as '10d'"
    )


class TrailingRange(Params):
    """A figure of the ranges of trailing daily bars."""

    period: str = Field(
        "14d", pattern=r"^[1-9][0-9]{0,3}d$", description="Trading days, such as '14d'"
    )


def _opening(text: str) -> str:
    clock, _, zone = text.partition(" ")
    try:
        time.fromisoformat(clock)
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(
            f"expected a local time and a zone, 'HH:MM America/New_York', was {text!r}"
        ) from error
    return text


class PreMarket(Params):
    """When the regular session opens, which the columns of bars do not say."""

    opens: Annotated[str, AfterValidator(_opening)] = Field(
        description="When regular hours begin: local time and zone"
    )

"""What a session config may say of Alpaca. Keys are never among it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


class Reach(BaseModel):
    """How Alpaca is reached; common to data and orders."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: str = Field(
        default="ALPACA",
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description="Secrets are named KEYS_API_KEY and KEYS_SECRET_KEY; another name, other keys.",
    )
    connect_seconds: Seconds = Field(default=3.0, description="Longest wait for a connection.")
    read_seconds: Seconds = Field(default=10.0, description="Longest wait for an answer.")
    deadline_seconds: Seconds = Field(
        default=30.0, description="Longest time for a read and all of its retries."
    )
    requests_per_minute: int = Field(
        default=200, ge=20, le=10_000, description="What your plan allows."
    )
    trading_url: str | None = Field(
        default=None, description="Trading API; by default Alpaca's, paper or live."
    )


class DataConfig(Reach):
    """Config of the data provider and of the gap filler."""

    feed: Literal["iex", "sip", "delayed_sip"] = Field(
        default="iex",
        description="iex: one exchange, free. sip: all exchanges, by subscription. Never mix them.",
    )
    adjustment: Literal["raw", "split", "dividend", "all"] = Field(
        default="raw", description="What history is adjusted for; live prices never are."
    )
    page_size: int = Field(default=10_000, ge=1, le=10_000, description="Rows a request.")
    paper: bool = Field(
        default=True, description="Whose list of assets is asked whether a symbol exists."
    )
    data_url: str | None = Field(default=None, description="Data API; by default Alpaca's.")
    stream_url: str | None = Field(
        default=None, description="WebSocket of the feed; by default Alpaca's."
    )
    mute_seconds: Seconds = Field(
        default=60.0, description="Silence after which a stream is asked whether it is alive."
    )


class BrokerConfig(Reach):
    """Config of the broker."""

    paper: bool = Field(
        default=True,
        description="No real money. false also needs the account's number at the command line.",
    )
    trading_stream_url: str | None = Field(
        default=None, description="WebSocket of order updates; by default Alpaca's."
    )

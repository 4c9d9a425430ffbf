"""What the plugin offers; nothing is imported from alpaca-py before it is used."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import (
    BrokerReg,
    DataProviderReg,
    GapFillerReg,
    ProviderCapabilities,
    hookimpl,
)

_HERE = "mismartera_alpaca"


@hookimpl
def mismartera_data_providers() -> Iterable[DataProviderReg]:
    """Market data: history by REST, live by WebSocket."""
    return [
        DataProviderReg(
            name="alpaca",
            factory=f"{_HERE}.provider:AlpacaProvider",
            config_model=f"{_HERE}.config:DataConfig",
            summary="Alpaca market data: US stocks, bars, trades and quotes, history and live",
            example={"feed": "iex"},
            capabilities=ProviderCapabilities(
                bars=("1m", "5m", "15m", "30m", "1d"),
                ticks=True,
                quotes=True,
                stream=True,
                statuses=True,
            ),
            suites=tuple(f"{_HERE}.data_promises:{of}Promises" for of in ("Provider", "Stream")),
        )
    ]


@hookimpl
def mismartera_gap_fillers() -> Iterable[GapFillerReg]:
    """Bars that the stream has missed, asked for by REST."""
    return [
        GapFillerReg(
            name="alpaca",
            factory=f"{_HERE}.gap_filler:AlpacaFiller",
            config_model=f"{_HERE}.config:DataConfig",
            summary="Asks Alpaca's history for bars that are missing",
            example={"feed": "iex"},
            suites=(f"{_HERE}.data_promises:FillerPromises",),
        )
    ]


@hookimpl
def mismartera_brokers() -> Iterable[BrokerReg]:
    """Orders of one Alpaca account."""
    return [
        BrokerReg(
            name="alpaca",
            factory=f"{_HERE}.broker:AlpacaBroker",
            config_model=f"{_HERE}.config:BrokerConfig",
            summary="Alpaca account: paper unless the config says otherwise",
            example={"paper": True},
            suites=(f"{_HERE}.promises:BrokerPromises",),
        )
    ]

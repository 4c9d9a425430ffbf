"""Base bars of a run: streamed from the provider, or generated from what it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mismartera_core.contracts.provider import DataProvider, ProviderCapabilities
from mismartera_core.errors import DataError, did_you_mean
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import interval_ns
from mismartera_core.services.bar_aggregation import aggregate, ticks_to_bars
from mismartera_core.services.session_rows import inside
from mismartera_core.services.stream_plan import GENERATED, TICKS, Source
from mismartera_core.store.block import Hours
from mismartera_core.threads.plan import BarLoader


def check_symbols(provider: DataProvider, symbols: Sequence[str], name: str) -> None:
    """Refuse symbols that the provider does not know, where it can tell.

    Args:
        provider: Where data come from.
        symbols: What the config asks for.
        name: The provider's.

    Raises:
        DataError: It has not one of them.
    """
    known = provider.symbols()
    for symbol in symbols if known else ():
        if symbol not in known:
            raise DataError(
                f"session_data_config.symbols: provider {name!r} has no {symbol!r}",
                hint=did_you_mean(symbol, known),
            )


def check_streams(streams: Sequence[str], capabilities: ProviderCapabilities, name: str) -> None:
    """Refuse ticks or quotes that the provider does not deliver.

    Args:
        streams: What the config asks for.
        capabilities: The provider's.
        name: The provider's.

    Raises:
        DataError: It delivers none.
    """
    for kind in ("ticks", "quotes"):
        if kind in streams and not getattr(capabilities, kind):
            raise DataError(
                f"session_data_config.streams: provider {name!r} delivers no {kind}",
                hint=f"take {kind!r} out, or choose a provider that has them",
            )


def base_loader(provider: DataProvider, sources: Mapping[str, Source], hours: Hours) -> BarLoader:
    """How base bars are loaded: as the provider has them, or made of what it has.

    Args:
        provider: Where data come from.
        sources: What the bars of each symbol are made of.
        hours: Hours of all sessions of the run.
    """
    if all(source.how != GENERATED for source in sources.values()):
        return provider.load_bars

    def load(
        symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> Mapping[str, BarColumns]:
        del interval
        found: dict[str, BarColumns] = {}
        for source in dict.fromkeys(sources[s] for s in symbols):
            own = [s for s in symbols if sources[s] == source]
            found.update(_load(provider, source, own, hours, start_ns, end_ns))
        return found

    return load


def _load(
    provider: DataProvider,
    source: Source,
    symbols: Sequence[str],
    hours: Hours,
    start_ns: int,
    end_ns: int,
) -> Mapping[str, BarColumns]:
    """Bars of symbols that have one source."""
    length = interval_ns(source.interval)
    if source.of == TICKS:
        ticks = {s: provider.get_ticks(s, start_ns, end_ns) for s in symbols}
        return {s: ticks_to_bars(t, length, hours.opens, hours.closes) for s, t in ticks.items()}
    bars = provider.load_bars(symbols, source.of, start_ns, end_ns)
    if source.how != GENERATED:
        return bars
    return {s: _coarser(b, length, hours) for s, b in bars.items()}


def _coarser(bars: BarColumns, length: int, hours: Hours) -> BarColumns:
    """Longer bars; those of a day, too, are made of what lies between its open and its close."""
    rows, session = inside(bars.ts, hours.opens, hours.closes)
    return aggregate(replace(bars.take(rows), session=session), length, hours.opens, hours.closes)

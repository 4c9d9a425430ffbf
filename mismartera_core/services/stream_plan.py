"""STREAMED or GENERATED: where the bars of an interval come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mismartera_core.contracts.provider import ProviderCapabilities
from mismartera_core.errors import DataError
from mismartera_core.model.intervals import interval_ns, is_daily

STREAMED = "streamed"
GENERATED = "generated"
TICKS = "ticks"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bars of an interval come from.

    Attributes:
        interval: The interval wanted.
        how: STREAMED from the provider as they are, or GENERATED here.
        of: What they are made of: the interval itself, a finer one, or "ticks".
    """

    interval: str
    how: str
    of: str


def decide(wanted: str, capabilities: ProviderCapabilities, held: Sequence[str]) -> Source:
    """Where the bars of an interval come from.

    The provider's own bars go first; else they are generated from the coarsest finer bars that
    divide them, else from ticks.

    Args:
        wanted: The interval.
        capabilities: What the provider delivers.
        held: Intervals it holds for the symbol; empty where its capabilities say all.

    Raises:
        DataError: The provider has nothing they could be made of.
    """
    offered = list(held) or [i for i in capabilities.bars if i != "*"]
    if wanted in offered or (not offered and "*" in capabilities.bars):
        return Source(wanted, STREAMED, wanted)
    finer = [i for i in offered if _divides(i, wanted)]
    if finer:
        return Source(wanted, GENERATED, max(finer, key=interval_ns))
    if capabilities.ticks:
        return Source(wanted, GENERATED, TICKS)
    raise DataError(
        f"the provider has no {wanted!r} bars and nothing they could be made of; it has "
        + (", ".join(offered) or "no bars"),
        hint="choose a stream it has under session_data_config.streams, or import finer data",
    )


def _divides(finer: str, wanted: str) -> bool:
    if is_daily(finer):
        return False
    return is_daily(wanted) or (
        interval_ns(wanted) % interval_ns(finer) == 0 and interval_ns(finer) < interval_ns(wanted)
    )

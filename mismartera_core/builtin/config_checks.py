"""What the built-ins know to be wrong with a session config beyond its single values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mismartera_core import hookimpl, interval_ns

if TYPE_CHECKING:
    from mismartera_core.config.session_config import SessionConfig

_DAY = interval_ns("1d")


@hookimpl
def mismartera_check_config(config: SessionConfig) -> Iterator[str]:
    """Combinations that parse and yet cannot work."""
    data = config.session_data_config
    sample = config.data_provider.name == "sample"
    if sample and data.hours == "extended":
        yield "session_data_config.hours: the sample provider has regular hours only"
    if sample and not {"bars_1m", "bars_1d"}.intersection(data.streams):
        yield "session_data_config.streams: the sample provider has bars_1m and bars_1d"
    daily = data.base_interval is not None and interval_ns(data.base_interval) >= _DAY
    for row, strategy in enumerate(config.strategies):
        if daily and strategy.flat_by_close is not None:
            yield (
                f"strategies.{row}.flat_by_close: daily bars are known at the close, "
                "too late to go flat before it"
            )

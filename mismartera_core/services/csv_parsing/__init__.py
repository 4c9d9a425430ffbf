"""CSV files of bars, in whatever shape vendors write them."""

from __future__ import annotations

from mismartera_core.services.csv_parsing.events import ParsedEvents as ParsedEvents
from mismartera_core.services.csv_parsing.events import parse_events_csv as parse_events_csv
from mismartera_core.services.csv_parsing.parse import parse_bars_csv as parse_bars_csv
from mismartera_core.services.csv_parsing.values import ParsedBars as ParsedBars
from mismartera_core.services.csv_parsing.values import QuarantinedRow as QuarantinedRow

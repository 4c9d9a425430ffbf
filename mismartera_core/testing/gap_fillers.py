"""Promises of a gap filler."""

from __future__ import annotations

from mismartera_core.testing.suite import Conformance


class GapFillerConformance(Conformance):
    """What a gap filler promises."""

    kind = "gap_filler"

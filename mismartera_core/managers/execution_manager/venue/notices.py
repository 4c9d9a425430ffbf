"""What the desk tells humans, logs and the risk control."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """What happened beside the ordinary life of an order."""

    UNKNOWN = "unknown"
    """An order's fate is unclear; its symbol takes no entries."""
    ADOPTED = "adopted"
    """An order was found at the venue."""
    ABSENT = "absent"
    """An order was looked for and is not at the venue."""
    UNSENT = "unsent"
    """An order was decided on before a restart and never left."""
    HUMAN = "human"
    """A human has to look: nothing can be found out from here."""
    EXTERNAL = "external"
    """An order or execution that is not ours."""
    TWIN = "twin"
    """The venue has a second order under one id of ours."""
    LATE = "late"
    """An order that had ended for us lives at the venue, or was executed after all."""
    DISTRUST = "distrust"
    """What the venue says of an execution does not fit; it is not booked as it stands."""
    OVERFILLED = "overfilled"
    """The venue has filled more of a changed order than was asked for; it is booked."""
    MISMATCH = "mismatch"
    """The venue's orders or positions differ from ours."""
    MISSED = "missed"
    """The stream did not tell of an execution; it was fetched."""
    STREAM_LOST = "stream_lost"
    STREAM_BACK = "stream_back"
    RECONCILED = "reconciled"
    """Orders and positions agree again after a start or a lost stream."""
    JOURNAL = "journal"
    """The journal failed: nothing leaves."""
    FAILED = "failed"
    """The venue did not answer; it is asked again."""
    NOISE = "noise"
    """A message that could not be understood."""


@dataclass(frozen=True, slots=True)
class DeskNotice:
    """One thing that happened.

    Attributes:
        kind: What.
        symbol: Ticker; "" where it is about none.
        client_id: Our id of the order; "" where it is about none.
        words: A sentence.
        at_ns: When, nanoseconds UTC.
    """

    kind: NoticeKind
    symbol: str
    client_id: str
    words: str
    at_ns: int

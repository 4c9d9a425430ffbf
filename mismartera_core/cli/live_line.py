"""The status of a live session: a line that moves, a line a minute, or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Protocol

from mismartera_core.cli.output import answer, console, manner

if TYPE_CHECKING:
    from rich.table import Table

    from mismartera_core.model.venue import VenueAccount
    from mismartera_core.system.live_status import LiveStatus, StatusBoard

LOOK_SECONDS = 0.25
"""Between looks at the board."""


class Display(Protocol):
    """Where a status goes."""

    def show(self, status: LiveStatus) -> None:
        """Show a status; it may be the same as before."""


@contextmanager
def watched(board: StatusBoard, look_seconds: float = LOOK_SECONDS) -> Iterator[None]:
    """Show how a session stands until the end of the block.

    Its own thread looks at the board: a terminal that does not take what is written never holds
    up a thread that trades.

    Args:
        board: The session's.
        look_seconds: Between looks.
    """
    if manner().quiet and not manner().json:
        yield
        return
    with _display() as display:
        over = Event()
        shower = Thread(target=_run, args=(board, display, over, look_seconds), name="StatusLine")
        shower.start()
        try:
            yield
        finally:
            over.set()
            shower.join()


def _run(board: StatusBoard, display: Display, over: Event, look_seconds: float) -> None:
    told = False
    ended = False
    while not ended:
        ended = over.wait(look_seconds)  # the last look comes after the end
        if not told and board.account is not None:
            _announce(board.account)
            told = True
        status = board.status()
        if status is not None:
            display.show(status)


def _announce(account: VenueAccount) -> None:
    """Say which account is traded, and whether with real money."""
    if manner().json:
        answer("live_account", {"account_id": account.account_id, "paper": account.paper})
    else:
        console(stderr=True).print(banner(account))


def banner(account: VenueAccount) -> str:
    """One line with the account's number and PAPER or LIVE."""
    if account.paper:
        return f"[bold green]PAPER[/] account {account.account_id}"
    return f"[bold white on red] LIVE [/] account {account.account_id}: real money"


@contextmanager
def _display() -> Iterator[Display]:
    if manner().json:
        yield JsonLines()
        return
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield MinuteLines()
        return
    from rich.live import Live

    with Live(console=screen, refresh_per_second=4, transient=True) as live:
        yield MovingLine(live)


class JsonLines:
    """One JSON object a change."""

    def __init__(self) -> None:
        self._last: dict[str, Any] | None = None

    def show(self, status: LiveStatus) -> None:
        """Write it where something has changed beside the time."""
        lasting = status.lasting()
        if lasting != self._last:
            self._last = lasting
            answer("live_status", status.facts())


class MinuteLines:
    """One plain line a minute, by the exchange's clock, and one whenever risk or feed change."""

    def __init__(self) -> None:
        self._last: tuple[Any, ...] = ()

    def show(self, status: LiveStatus) -> None:
        """Write it where a minute has begun."""
        minute = status.clock.replace(second=0, microsecond=0)
        at = minute, status.risk, status.feed, status.quarantined
        if at != self._last:
            self._last = at
            text = "  ".join(f"{name} {value}" for name, value in cells(status))
            sys.stderr.write(f"{status.clock:%H:%M:%S %Z}  {text}\n")
            sys.stderr.flush()


class MovingLine:
    """A small table that is drawn anew."""

    def __init__(self, live: Any) -> None:
        self._live = live

    def show(self, status: LiveStatus) -> None:
        """Draw it."""
        self._live.update(drawn(status))


def drawn(status: LiveStatus) -> Table:
    """The status as a table of two columns."""
    from rich.table import Table
    from rich.text import Text

    found = Table(box=None, show_header=False, pad_edge=False)
    found.add_row("clock", Text(f"{status.clock:%a %H:%M:%S %Z}"))
    for name, value in cells(status):
        style = "bold red" if name == "risk" and not value.startswith("active") else ""
        found.add_row(name, Text(value, style=style))
    return found


def cells(status: LiveStatus) -> list[tuple[str, str]]:
    """What is shown of a status, by its name."""
    age = "" if status.feed_age is None else f", {status.feed_age:.0f} s old"
    held = ", ".join(f"{symbol} {units:+g}" for symbol, units in status.positions.items())
    return [
        ("phase", status.phase),
        ("feed", f"{status.feed}{age}"),
        ("positions", held or "flat"),
        ("P&L", f"{status.pnl:+,.2f}"),
        ("orders", f"{status.orders_today} today, {status.working} working"),
        ("risk", status.risk),
        ("last", status.decision or "nothing decided yet"),
        *(("quarantined", words) for words in status.quarantined),
    ]

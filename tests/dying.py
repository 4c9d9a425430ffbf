"""What happens at a crash point: a process dies, an account is halted; what is left of orders."""

from itertools import count

import sqlalchemy as sa

from mismartera_core.contracts.crashpoints import on_crashpoint


class Killed(BaseException):
    """The process died."""


def killed_at(point, act):
    """Do something as a process that dies at a crash point.

    Args:
        point: Its name; or its number, beginning with 1.
        act: What is done.

    Returns:
        Whether it was done to its end.
    """
    passed = count(1)

    def kill(name):
        if point in (name, next(passed)):
            raise Killed

    on_crashpoint(kill)
    try:
        act()
    except Killed:
        return False
    finally:
        on_crashpoint(None)
    return True


def halted_at(rig, point, act):
    """Do something while another thread halts the account at a crash point."""
    on_crashpoint(lambda name: setattr(rig, "gate", "halted" if name == point else rig.gate))
    try:
        act()
    finally:
        on_crashpoint(None)


def read_only(rig, on=True):
    """Have the disk of a rig's journal take nothing, or take it again."""
    with rig.database.engine.connect() as connection:
        connection.execute(sa.text(f"PRAGMA query_only = {'ON' if on else 'OFF'}"))


def left(venue):
    """Units that a venue may still fill."""
    return sum(o.quantity - o.filled_quantity for o in venue.working())


def kinds(rig, client_id):
    """What the journal has of an order."""
    return [event.kind.value for event in rig.journal.find(client_id).events]

"""Files by which a live session, its watchdog and commands tell each other of an account.

In `runtime`: `KILL` halts every account, `KILL.<account>` one; `RESUME.<account>` is a human's
word that it may go on. In `runtime/live/<account>`: `session.json` (who trades it, and through
which broker), `heartbeat.json` (written every second) and `risk.json` (the state of risk). Each is
replaced as a whole: whoever reads sees the old or the new one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mismartera_core.contracts.crashpoints import crashpoint
from mismartera_core.errors import DataError
from mismartera_core.model.risk import RiskRecord, RiskState

HALT = "halt"
FLATTEN = "flatten"
DRILL = "drill"
_ACTIONS = (HALT, FLATTEN, DRILL)


@dataclass(frozen=True, slots=True)
class KillOrder:
    """What a kill file says.

    Attributes:
        action: "halt", "flatten" or "drill".
        reason: Who asks, in words.
        asked_ns: When, nanoseconds UTC; 0 where the file does not say.
    """

    action: str
    reason: str
    asked_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """Who trades an account.

    Attributes:
        account: The account.
        pid: Process of the session.
        broker: Name of the broker plugin.
        config: Its config, as JSON values; there are no secrets in it.
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        run: Id of the run.
        started_ns: Nanoseconds UTC.
    """

    account: str
    pid: int
    broker: str
    config: Mapping[str, Any]
    exchange_group: str
    asset_class: str
    run: str = ""
    started_ns: int = 0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life.

    Attributes:
        pid: Process of the session.
        counter: Goes up with every beat.
        at_ns: The wall clock, nanoseconds UTC.
        goodbye: Whether the session has ended in order.
    """

    pid: int
    counter: int
    at_ns: int
    goodbye: bool = False


class LiveFiles:
    """The files of one account.

    Args:
        runtime: `runtime_dir` of the settings.
        account: The account.
    """

    def __init__(self, runtime: Path, account: str) -> None:
        name = safe_name(account)
        self.account = account
        self.runtime = runtime
        self.folder = runtime / "live" / name
        self.kill_all = runtime / "KILL"
        self.kill_own = runtime / f"KILL.{name}"
        self.resume_file = runtime / f"RESUME.{name}"

    # the kill switch

    def killed(self) -> KillOrder | None:
        """What a kill file asks for; None where there is none.

        A file that cannot be understood, such as an empty one made by `touch`, halts.
        """
        for path in (self.kill_all, self.kill_own):
            try:
                text = path.read_text(encoding="utf-8")
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                return KillOrder(HALT, f"the kill file {path.name} is there, unreadable: {error}")
            return _kill_order(text, path.name)
        return None

    def kill(self, order: KillOrder) -> None:
        """Write the account's kill file."""
        write_whole(self.kill_own, asdict(order))

    def release(self) -> bool:
        """Remove the account's kill file; returns whether the one of all accounts remains."""
        self.kill_own.unlink(missing_ok=True)
        return self.kill_all.exists()

    # a human's word

    def ask_resume(self, by: str) -> None:
        """Leave word that the account may go on."""
        write_whole(self.resume_file, {"by": by})

    def resumed(self) -> str:
        """Who says that the account may go on, once; "" where nobody does."""
        found = read_whole(self.resume_file)
        if found is None:
            return ""
        self.resume_file.unlink(missing_ok=True)
        return str(found.get("by", "a human"))

    # who trades it

    def begin(self, session: LiveSession) -> None:
        """Say who trades the account."""
        write_whole(self.folder / "session.json", {**asdict(session)})

    def session(self) -> LiveSession | None:
        """Who trades it, or did last; None where nobody ever has."""
        found = read_whole(self.folder / "session.json")
        if found is None:
            return None
        try:
            return LiveSession(**found)
        except TypeError as error:
            raise DataError(
                f"{self.folder / 'session.json'} is damaged: {error}", hint="remove it"
            ) from error

    def beat(self, heart: Heartbeat) -> None:
        """Write a sign of life."""
        write_whole(self.folder / "heartbeat.json", asdict(heart), durable=False)

    def heartbeat(self) -> Heartbeat | None:
        """The newest sign of life; None where there is none, or a damaged one."""
        try:
            found = read_whole(self.folder / "heartbeat.json")
            return None if found is None else Heartbeat(**found)
        except (DataError, TypeError):
            return None

    # the state of risk

    def load_risk_state(self) -> RiskRecord | None:
        """The state that was kept last; one that cannot be read is HALTED.

        A `RiskStore`.
        """
        path = self.folder / "risk.json"
        try:
            found = read_whole(path)
            if found is None:
                return None
            return RiskRecord(**{**found, "state": RiskState(found["state"])})
        except (DataError, KeyError, TypeError, ValueError) as error:
            return RiskRecord(
                state=RiskState.HALTED,
                limit="risk_state",
                reason=f"the state of risk in {path} cannot be read: {error}",
            )

    def save_risk_state(self, record: RiskRecord) -> None:
        """Keep a state; on the disk when this returns."""
        write_whole(self.folder / "risk.json", {**asdict(record), "state": record.state.value})


def accounts(runtime: Path) -> list[str]:
    """Accounts that a session has ever traded, sorted."""
    found = []
    for folder in sorted((runtime / "live").glob("*")):
        said = read_whole(folder / "session.json")
        if said is not None and "account" in said:
            found.append(str(said["account"]))
    return found


def safe_name(account: str) -> str:
    """An account as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", account) or "_"


def write_whole(path: Path, values: Mapping[str, Any], *, durable: bool = True) -> None:
    """Replace a file as a whole.

    Args:
        path: The file; its folder is made.
        values: What JSON can hold.
        durable: Whether it is on the disk when this returns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with made.open("w", encoding="utf-8") as file:
        json.dump(values, file)
        if durable:
            file.flush()
            crashpoint(f"{path.name}.written")
            os.fsync(file.fileno())
    crashpoint(f"{path.name}.synced")
    made.replace(path)
    crashpoint(f"{path.name}.renamed")
    if durable:
        _sync_folder(path.parent)
    crashpoint(f"{path.name}.kept")


def read_whole(path: Path) -> dict[str, Any] | None:
    """What a file holds; None where there is none.

    Raises:
        DataError: It holds no JSON object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read: {error}", hint="look at it, or remove it"
        ) from error
    if not isinstance(found, dict):
        raise DataError(f"{path}: expected a JSON object, was {type(found).__name__}")
    return found


def _kill_order(text: str, name: str) -> KillOrder:
    try:
        said = json.loads(text)
        action = said["action"]
        if action not in _ACTIONS:
            action = HALT
        return KillOrder(action, str(said.get("reason", name)), int(said.get("asked_ns", 0)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return KillOrder(HALT, f"the kill file {name} is there")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

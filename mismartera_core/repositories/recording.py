"""The recording of a live session: everything its engine took in, in order, one line each.

`recording.jsonl` in the run folder is only ever appended to. A line is the CRC-32 of its text as
eight hexadecimal digits, a space, and the text: a JSON array of the thread that took the item, what
it is, what was asked, what came, and "!" where what came was an error. A line whose sum is wrong at
the end of the file was being written when the session was killed: it is cut off.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mismartera_core.errors import DataError
from mismartera_core.repositories.recording_values import decode, encode

log = logging.getLogger(__name__)

FILE = "recording.jsonl"
VERSION = 1
HEAD = "recording"
"""What the first line is: the version of this form, and where the recording comes from."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One item of a recording.

    Attributes:
        number: Line in the file, from 1.
        track: Who took it in: items of one track came one after the other.
        kind: What it is, such as "venue.submit" or "frame".
        asked: What was asked, as JSON values.
        came: What came, as JSON values.
        failed: Whether what came is an error that was raised.
    """

    number: int
    track: str
    kind: str
    asked: Any
    came: Any
    failed: bool = False

    def answer(self) -> Any:
        """What came; an error is raised."""
        value = decode(self.came)
        if self.failed:
            raise value
        return value


class Tape(Protocol):
    """What the engine's inputs pass: they are recorded, or they come from a recording."""

    def take(self, track: str, kind: str, asked: Any, make: Callable[[], T]) -> T:
        """An input.

        Args:
            track: Who takes it.
            kind: What it is.
            asked: What is asked.
            make: Gets it from the world; a recording does not call it.
        """


class Recorder:
    """Writes a recording. What cannot be written stops the recording, never the session.

    What comes before it has a file is kept, and written first.

    Args:
        head: Where the recording comes from.
    """

    def __init__(self, head: dict[str, Any]) -> None:
        self.failure: OSError | None = None
        self._lock = threading.Lock()
        self._file: int | None = None
        self._waiting: list[bytes] = []
        self.write("", HEAD, {"version": VERSION, **head}, None)

    def open(self, folder: Path) -> None:
        """Write into a run folder from now on.

        Raises:
            FileExistsError: It has a recording.
        """
        with self._lock:
            self._file = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            waiting, self._waiting = self._waiting, []
            self._put(b"".join(waiting))

    def take(self, track: str, kind: str, asked: Any, make: Callable[[], T]) -> T:
        """Get an input and write it down."""
        try:
            came = make()
        except Exception as error:
            self.write(track, kind, encode(asked), encode(error), failed=True)
            raise
        self.write(track, kind, encode(asked), encode(came))
        return came

    def note(self, track: str, kind: str, value: Any) -> None:
        """Write down what came without being asked for."""
        self.write(track, kind, None, encode(value))

    def write(self, track: str, kind: str, asked: Any, came: Any, *, failed: bool = False) -> None:
        """Write an item.

        Args:
            track: Who takes it in.
            kind: What it is.
            asked: What was asked, as JSON values.
            came: What came, as JSON values.
            failed: Whether what came is an error.
        """
        item = [track, kind, asked, came, "!"] if failed else [track, kind, asked, came]
        text = json.dumps(item, separators=(",", ":"), ensure_ascii=False).encode()
        line = b"%08x %b\n" % (zlib.crc32(text), text)
        with self._lock:
            if self._file is None:
                self._waiting.append(line)
            else:
                self._put(line)

    def close(self) -> None:
        """Bring everything to the disk and close the file; may be called twice.

        Without it, what was written survives the end of the process, but not a power failure.
        """
        with self._lock:
            if self._file is None or self._file < 0:
                return
            try:
                os.fsync(self._file)
            except OSError as error:
                self._failed(error)
            os.close(self._file)
            self._file = _CLOSED

    def _put(self, data: bytes) -> None:
        if self.failure is not None or self._file is None or self._file < 0:
            return
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        self.failure = error
        log.error("the recording ends here: %s; the session goes on", error)


_CLOSED = -1


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was read.

    Attributes:
        head: Where it comes from.
        items: Everything after the head.
        torn: Bytes that were cut off its end.
    """

    head: dict[str, Any]
    items: tuple[Recorded, ...]
    torn: int


def read_recording(folder: Path) -> Recording:
    """Read the recording of a run; a torn end is cut off.

    Args:
        folder: The run folder.

    Raises:
        DataError: There is none, it is damaged before its end, or of a newer version.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{folder.name} has no {FILE}: only live sessions are recorded",
            hint="choose a live run; `mismartera runs ls` lists all",
        ) from None
    items: list[Recorded] = []
    at = 0
    while at < len(data):
        end = data.find(b"\n", at)
        item = None if end < 0 else _parse(data[at:end], len(items) + 1)
        if item is None:
            break
        items.append(item)
        at = end + 1
    if at < len(data) and data.find(b"\n", at) not in (-1, len(data) - 1):
        raise DataError(f"{path}: line {len(items) + 1} is damaged, and it is not the last one")
    if not items or items[0].kind != HEAD:
        raise DataError(f"{path}: expected a recording, its first line is none")
    head: dict[str, Any] = items[0].asked
    if head["version"] > VERSION:
        raise DataError(
            f"{path} is of form {head['version']}; this version knows forms up to {VERSION}",
            hint="upgrade MisMartera",
        )
    return Recording(head, tuple(items[1:]), len(data) - at)


def _parse(line: bytes, number: int) -> Recorded | None:
    """An item; None where the line is not as it was written."""
    if len(line) < 10 or line[8:9] != b" ":
        return None
    text = line[9:]
    if line[:8] != b"%08x" % zlib.crc32(text):
        return None
    track, kind, asked, came, *failed = json.loads(text)
    return Recorded(number, track, kind, asked, came, bool(failed))

"""All-or-nothing replacement of several files, safe against a kill and a full disk.

Every new file is written to a temporary file beside its target, fsynced and read back. Then one
journal file names all renames; from that instant the commit has happened: whoever finds the journal
finishes the renames. Before it, nothing has changed.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mismartera_core.errors import DataError
from mismartera_core.repositories.file_lock import lock

_JOURNAL = ".commit"
_LOCK = f"{_JOURNAL}/lock"


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Keep other writers away from reading what is stored until the new rows are committed.

    Args:
        root: Folder of the store.

    Raises:
        DataError: The folder cannot be written to.
    """
    path = root / _LOCK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise _refused(root, error) from error
    with file:
        try:
            lock(file, wait=True)
        except OSError as error:
            raise _refused(root, error) from error
        yield


@contextmanager
def reading(root: Path) -> Iterator[None]:
    """Keep writers away while several files, or parts of one, are read.

    Args:
        root: Folder of the store.

    Raises:
        DataError: The system refuses.
    """
    try:
        file = (root / _LOCK).open(encoding="utf-8")
    except FileNotFoundError:  # nothing was ever written here, or by an older version
        yield
        return
    except OSError as error:
        raise _unreadable(root, error) from error
    with file:
        try:
            lock(file, wait=True, shared=True)
        except OSError as error:
            raise _unreadable(root, error) from error
        yield


def commit(root: Path, files: Mapping[Path, bytes], remove: Iterable[Path] = ()) -> None:
    """Replace files and remove others, all or nothing.

    Args:
        root: Folder of the store; every path lies below it.
        files: New content by path.
        remove: Files to remove.

    Raises:
        DataError: The disk is full or refuses; nothing was changed.
    """
    temps: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temps[path] = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
            _write_checked(temps[path], content)
        journal = _write_journal(root, temps, remove)
    except OSError as error:
        for temp in temps.values():
            temp.unlink(missing_ok=True)
        raise _refused(root, error) from error
    _finish(root, journal)


def _unreadable(root: Path, error: OSError) -> DataError:
    return DataError(f"{root} cannot be read: {error.strerror or error}")


def _refused(root: Path, error: OSError) -> DataError:
    return DataError(
        f"expected to write below {root}, but the system said: {error.strerror or error}",
        hint="nothing was changed; free some disk space or check the permissions, then do it again",
    )


def recover(root: Path) -> None:
    """Finish commits that a kill interrupted after their journal was written."""
    folder = root / _JOURNAL
    if not folder.is_dir():
        return
    for journal in folder.iterdir():
        if journal.suffix == ".json":
            _finish(root, journal)


def _write_checked(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.read_bytes() != content:
        raise OSError(None, f"{path} reads back differently from what was written")


def _write_journal(root: Path, temps: Mapping[Path, Path], remove: Iterable[Path]) -> Path:
    plan = {
        "rename": [
            [temp.relative_to(root).as_posix(), path.relative_to(root).as_posix()]
            for path, temp in temps.items()
        ],
        "remove": [path.relative_to(root).as_posix() for path in remove],
    }
    folder = root / _JOURNAL
    folder.mkdir(parents=True, exist_ok=True)
    journal = folder / f"{uuid.uuid4().hex}.json"
    temp = journal.with_suffix(".tmp")
    try:
        _write_checked(temp, json.dumps(plan).encode())
        temp.replace(journal)
    except OSError:
        temp.unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    return journal


def _finish(root: Path, journal: Path) -> None:
    """Do what a journal says; another process may be doing the same."""
    try:
        plan = json.loads(journal.read_bytes())
        renames, removals = plan["rename"], plan["remove"]
    except FileNotFoundError:
        return
    except (ValueError, KeyError) as error:
        raise DataError(
            f"{journal} is damaged, so an interrupted import cannot be finished",
            hint="delete it and do the last import again",
        ) from error
    folders = set()
    for temp, path in renames:
        target = root / path
        folders.add(target.parent)
        try:
            (root / temp).replace(target)
        except FileNotFoundError:
            continue  # already renamed
    for path in removals:
        (root / path).unlink(missing_ok=True)
    for folder in folders:
        _sync_folder(folder)
    journal.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there, renames are journalled by the file system
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Logs: to the console for people, to the run folder as JSON lines."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import SimpleQueue

from mismartera_core.monitoring.redaction import redacted

ROOT = "mismartera_core"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, thread, message, and what `extra` brought."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": at.isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = record.exc_text or self.formatException(record.exc_info)
        return redacted(json.dumps(line, default=str))


def log_to_console(level: str) -> None:
    """Show log messages on stderr.

    Args:
        level: "debug", "info", "warning" or "error".
    """
    from rich.console import Console
    from rich.logging import RichHandler

    logger = logging.getLogger(ROOT)
    for old in [handler for handler in logger.handlers if isinstance(handler, RichHandler)]:
        logger.removeHandler(old)
    console = Console(file=sys.stderr, highlight=False)
    handler = RichHandler(level.upper(), console, show_path=False, markup=False)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(min(logger.level or logging.CRITICAL, handler.level))


@contextmanager
def log_to_file(path: Path, level: str = "info") -> Iterator[None]:
    """Write log messages to a file as JSON lines, by a thread of its own, until the block ends.

    Args:
        path: Appended to.
        level: "debug", "info", "warning" or "error".

    Raises:
        OSError: The file cannot be opened.
    """
    logger = logging.getLogger(ROOT)
    before = logger.level
    file = logging.FileHandler(path, encoding="utf-8")
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    sender = QueueHandler(queue)
    sender.setFormatter(JsonLines())  # here, because the handler drops exceptions on the way
    sender.setLevel(level.upper())
    listener = QueueListener(queue, file)
    listener.start()
    logger.addHandler(sender)
    logger.setLevel(min(before or logging.CRITICAL, sender.level))
    try:
        yield
    finally:
        logger.removeHandler(sender)
        logger.setLevel(before)
        listener.stop()
        file.close()

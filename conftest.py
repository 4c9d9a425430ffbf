"""What all tests share."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from mismartera_core.monitoring import redaction
from mismartera_core.repositories import calendars

# How long an example takes is the machine's affair: no test asserts a wall time.
settings.register_profile("mismartera", deadline=None)
settings.load_profile("mismartera")

# Hundreds of tests start a process. It reads what the first one compiled, and starts no threads of
# linear algebra that wait for work: without this they take half as long again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: half of its time a worker waits, for processes and streams."""
    return (os.cpu_count() or 1) + 1


_LONG = (
    "tests/e2e",
    "tests/contracts",
    "plugins/mismartera_alpaca",
    "tests/integration",
    "tests/golden",
)
"""Where a few tests take long, longest first."""


def pytest_configure(config: pytest.Config) -> None:
    """Files go to workers in the order of `pytest_collection_modifyitems`, not by their tests."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In parallel, what takes long begins first: else one worker has it left when all are done."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in _LONG])


@pytest.fixture(autouse=True, scope="session")
def _library_read_once() -> Iterator[None]:
    """A process reads each market from its library once; every database gets the rows anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calendars, "seed_days", functools.cache(calendars.seed_days))
        yield


@pytest.fixture(autouse=True, scope="module")
def _secrets_of_a_module_are_its_own() -> Iterator[None]:
    """Forget after a module what it had struck out of logs: others may use such a word."""
    before = dict(redaction._parts)  # noqa: SLF001 - a process never forgets a secret, tests must
    yield
    redaction._parts.clear()  # noqa: SLF001
    redaction._parts.update(before)  # noqa: SLF001

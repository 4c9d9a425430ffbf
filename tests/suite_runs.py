"""What a suite says of a plugin that a test made."""

from __future__ import annotations

from mismartera_core.testing import run_suite


def failures(kind, registration, config=None):
    """Messages of the promises that are broken, by name."""
    found = run_suite(kind, registration, config)
    return {promise.name: promise.message for promise in found if promise.outcome == "failed"}


def assert_caught(kind, registration, promises, words, config=None):
    """Exactly these promises are broken, and the message of the first is for people."""
    found = failures(kind, registration, config)
    assert set(found) == set(promises), found
    message = found[promises[0]]
    for part in ("Contract: ", "\nFound: ", "\nCure: ", *words):
        assert part in message, message

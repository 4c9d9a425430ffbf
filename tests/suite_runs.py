"""What a suite says of a plugin that a test made."""

from __future__ import annotations

from mismartera_core.testing import run_suite


def failures(kind, registration, config=None):
    """Messages of the promises that are broken, by name."""
    found = run_suite(kind, registration, config)
    return {promise.name: promise.message for promise in found if promise.outcome == "failed"}


def assert_caught(kind, registration, promises, words, config=None, *, more=False):
    """These promises are broken, no others unless `more`; the message of the first is for people.

    Args:
        kind: Kind of plugin.
        registration: What is tested.
        promises: Names; the first is the one that was meant.
        words: What its message says.
        config: A config of the plugin.
        more: Whether other promises may break in consequence.
    """
    found = failures(kind, registration, config)
    assert set(promises) <= set(found) if more else set(promises) == set(found), found
    message = found[promises[0]]
    for part in ("Contract: ", "\nFound: ", "\nCure: ", *words):
        assert part in message, message

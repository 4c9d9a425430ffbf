"""Garbage is looked for when nobody waits."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from bars import random_walk
from engine_eyes import noting, run

from mismartera_core.threads import garbage

DAYS = ["2024-07-01", "2024-07-02"]


@pytest.fixture
def searches() -> Iterator[list[int]]:
    """Generations that were searched."""
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            found.append(info["generation"])

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


class Knot:
    """Garbage that only a search finds."""

    def __init__(self) -> None:
        self.self = self


def test_no_search_begins_by_itself_while_a_run_lasts(searches: list[int]) -> None:
    strategy, seen = noting(
        lambda s, bar: (gc.isenabled(), [Knot() for _ in range(10)], len(searches))
    )
    run({"A": random_walk(DAYS[:1], seed=5, minutes=60)}, strategy)
    assert not any(enabled for _, _, (enabled, _, _) in seen)
    assert len({so_far for _, _, (_, _, so_far) in seen}) == 1
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_what_is_young_is_searched_only_where_it_is_much(searches: list[int]) -> None:
    with garbage.collection_paused():
        garbage.tidy_young()
        before = list(searches)
        kept = [Knot() for _ in range(garbage.YOUNG + 1)]
        garbage.tidy_young()
    assert (before, searches[:1], len(kept)) == ([], [0], garbage.YOUNG + 1)


def test_everything_is_searched_once_in_a_while_when_it_is_quiet(
    searches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_000.0]
    monkeypatch.setattr(garbage, "monotonic", lambda: clock[0])
    with garbage.collection_paused():
        quiet = garbage.Quiet()
        found = []
        for clock[0] in (1_030.0, 1_061.0, 1_062.0, 1_122.0):
            quiet.tidy()
            found.append(searches.count(2))
    assert found == [0, 1, 1, 2]

"""Seeds of trouble: some hundreds with every change; `python -m` runs as many as one likes."""

import pytest

from mismartera_core.repositories.database import open_database
from mismartera_core.testing import simulation
from mismartera_core.testing.simulation import main, run_seeds, simulate


@pytest.fixture(scope="module")
def memory_journal():
    opened = open_database("sqlite://")
    yield opened
    opened.close()


def test_no_seed_breaks_an_invariant():
    tally = run_seeds(0, 300)
    assert tally.failed == {}
    assert tally.seeds == 300
    common = {"unknown", "adopted", "absent", "missed", "killed", "stream_lost", "journal"}
    assert {what for what in common if not tally.counts[what]} == set()


@pytest.mark.parametrize(
    "seed",
    [
        *(5289, 18961, 13749, 29453, 4646, 5889, 13215, 114, 184, 256, 689, 881, 1271, 1284),
        *(7950, 10722, 14456),
    ],
)
def test_seeds_that_failed_once_run_to_their_end(seed, memory_journal):
    assert simulate(seed, memory_journal)  # raises where an invariant breaks


def test_a_seed_reproduces_its_run(memory_journal):
    first, again = (simulate(4711, memory_journal, f"run {n}") for n in (1, 2))
    assert first == again


def test_the_command_says_what_it_ran(capsys):
    assert main(["--seeds", "3", "--first", "5", "--processes", "1"]) == 0
    assert capsys.readouterr().out.startswith("3 seeds, 0 failed\n")


def test_the_command_shows_a_seed_that_fails(capsys, monkeypatch):
    def breaks(world):
        raise AssertionError("an invariant is broken")

    monkeypatch.setattr(simulation, "check", breaks)
    assert main(["--seeds", "1", "--first", "7", "--processes", "1"]) == 1
    assert "seed 7: AssertionError: an invariant is broken" in capsys.readouterr().out

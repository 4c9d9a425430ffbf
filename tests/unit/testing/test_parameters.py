"""Sets of parameters: each choice, the smallest numbers, and nothing that is not valid."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mismartera_core.testing.parameters import refuses_unknown, variations


class Kind(StrEnum):
    SIMPLE = "simple"
    SMOOTH = "smooth"


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    fast: int = Field(3, ge=2)
    slow: int = Field(4, ge=2, le=100)
    source: Literal["close", "volume"] = "close"
    kind: Kind = Kind.SIMPLE
    lag: int | None = Field(None, ge=1, le=2)
    both: bool = True
    width: float = Field(2.0, ge=0.5)
    factor: float = Field(2.0, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError("expected fast < slow")
        return self


class Loose(BaseModel):
    period: int = 3


def test_each_choice_and_the_smallest_numbers():
    default = Config()
    found = [
        {k: v for k, v in made.items() if v != getattr(default, k)}
        for made in variations(Config, default)
    ]
    changes = [change for change in found if change]
    assert changes == [
        {"fast": 2},
        {"source": "volume"},
        {"kind": Kind.SMOOTH},
        {"lag": 1},
        {"lag": 2},
        {"both": False},
        {"width": 0.5},
    ]


def test_a_model_that_ignores_what_it_does_not_know_is_a_breach():
    refuses_unknown(Config, Config())
    with pytest.raises(pytest.fail.Exception, match="must never be ignored"):
        refuses_unknown(Loose, Loose())

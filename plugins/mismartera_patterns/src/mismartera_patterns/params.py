"""Parameters of the chart patterns: names, bounds and defaults."""

from __future__ import annotations

from typing import Annotated, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

Reversal: TypeAlias = Annotated[
    float,
    Field(ge=0, le=100, description="Average true ranges of a reversal that confirms a pivot"),
]
Tolerance: TypeAlias = Annotated[
    float,
    Field(
        gt=0,
        le=0.5,
        description="How far points that should be level may lie apart, share of the height",
    ),
]
Longest: TypeAlias = Annotated[int, Field(ge=10, le=10_000, description="Most bars it may span")]
Shortest: TypeAlias = Annotated[int, Field(ge=5, le=10_000, description="Fewest bars it may span")]
Touches: TypeAlias = Annotated[
    int, Field(ge=5, le=9, description="Pivots, highs and lows together, that touch its lines")
]


class Zigzag(BaseModel):
    """When a pivot is confirmed; shared by all patterns. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    atr_period: Annotated[
        int, Field(ge=2, le=1_000, description="Bars of the average true range")
    ] = 14
    reversal: Reversal = 3.0
    percent: Annotated[
        float,
        Field(ge=0, le=50, description="Least reversal that confirms a pivot, percent of close"),
    ] = 0.0

    @model_validator(mode="after")
    def _some_reversal(self) -> Self:
        if self.reversal == 0 and self.percent == 0:
            raise ValueError("expected a reversal or a percent above 0, both were 0")
        return self


class HeadAndShoulders(Zigzag):
    """Shoulders and the ends of the neckline may differ by a third of the height."""

    tolerance: Tolerance = 0.35


class Extremes(Zigzag):
    """Double and triple tops and bottoms: extremes on a level."""

    tolerance: Tolerance = 0.15


class Rounding(Zigzag):
    """A bowl between two rims."""

    shortest: Shortest = 25
    longest: Longest = 500

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.shortest > self.longest:
            raise ValueError(
                f"expected shortest <= longest, was {self.shortest} and {self.longest}"
            )
        return self


class Cup(Rounding):
    """A bowl whose rims may differ by a quarter of its depth."""

    tolerance: Tolerance = 0.25


class Rectangle(Zigzag):
    """Highs on a level and lows on a level."""

    tolerance: Tolerance = 0.15
    touches: Touches = 5


class Lines(Zigzag):
    """Triangles and wedges: pivots on two lines."""

    tolerance: Annotated[
        float,
        Field(gt=0, le=0.5, description="How far a pivot may be off its line, share of the height"),
    ] = 0.1
    touches: Touches = 5


class Pole(Zigzag):
    """Flags and pennants: a steep pole and a short rest. Its swings are small: a finer zigzag."""

    reversal: Reversal = 2.0
    pole: Annotated[
        float, Field(gt=0, le=100, description="Least height of the pole, average true ranges")
    ] = 6.0
    pole_bars: Annotated[int, Field(ge=2, le=500, description="Most bars of the pole")] = 20
    rest_bars: Annotated[int, Field(ge=4, le=1_000, description="Most bars of the rest")] = 40


class Levels(Zigzag):
    """Support and resistance."""

    touches: Annotated[int, Field(ge=2, le=20, description="Fewest pivots at a level")] = 3
    memory: Annotated[int, Field(ge=4, le=200, description="Pivots looked back over")] = 20
    width: Annotated[
        float, Field(gt=0, le=20, description="Most a level's pivots span, average true ranges")
    ] = 0.5

"""What the configs of cost models and risk checks have in common: numbers, checked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class NumbersConfig(BaseModel):
    """Numbers as floats or as decimals in quotes; unknown names, NaN and true/false are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_values(cls, value: Any) -> Any:
        # pydantic would read true as 1.0
        if isinstance(value, bool):
            raise ValueError(f"expected a number, was {str(value).lower()}")  # noqa: TRY004
        return value

"""What `backtest` and `sweep` are told beside bars and strategy, held to the bounds of a config."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mismartera_core.config.fields import Interval
from mismartera_core.config.problems import sentences
from mismartera_core.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


class FaceWords(BaseModel):
    """Keywords of `backtest`, by their names."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    interval: Interval | None
    listen: Interval | None
    trailing_days: int | None = Field(ge=0)
    flat_by_close: int | None = Field(ge=0, le=1440)
    hours: Literal["regular", "extended"]
    exchange_group: str
    asset_class: str
    speed_multiplier: float = Field(ge=0)
    prefetch_days: int | None = Field(ge=1)


def checked(model: type[M], values: Any, prefix: str = "") -> M:
    """A validated model.

    Args:
        model: What the values must be.
        values: A model of that kind, or values by name.
        prefix: Where they were given, with a dot at its end.

    Raises:
        ConfigError: One is wrong; the message names all of them.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError("; ".join(sentences(error, model, prefix))) from error

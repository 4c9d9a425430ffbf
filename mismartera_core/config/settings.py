"""Settings of an installation: where things lie, and how much is said.

Read from the environment (`MISMARTERA_RUNTIME_DIR` ...) and from `.env` in the working folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mismartera_core.errors import ConfigError

PREFIX = "MISMARTERA_"


def _database(data: dict[str, Any]) -> str:
    return f"sqlite:///{(data['runtime_dir'] / 'mismartera.db').as_posix()}"


class Settings(BaseSettings):
    """Where things lie. What is not given follows from `runtime_dir`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    runtime_dir: Path = Field(default=Path("runtime"), description="Everything a run writes.")
    data_dir: Path = Field(
        default_factory=lambda data: data["runtime_dir"] / "data",
        description="Imported market data; by default 'data' in runtime_dir.",
    )
    runs_dir: Path = Field(
        default_factory=lambda data: data["runtime_dir"] / "runs",
        description="Run folders; by default 'runs' in runtime_dir.",
    )
    database_url: str = Field(
        default_factory=_database,
        min_length=1,
        description="Of SQLAlchemy; by default the SQLite file mismartera.db in runtime_dir.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="What is said on the console."
    )
    no_color: bool = Field(default=False, description="Plain text on the console.")


def load_settings(**overrides: Any) -> Settings:
    """Settings of the environment and of `.env`.

    Args:
        **overrides: Fields that go before both.

    Raises:
        ConfigError: A value is not what its field takes, or `.env` cannot be read.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        found = [
            f"{PREFIX}{str(item['loc'][0]).upper()}: {item['msg']}, was {item['input']!r}"
            for item in error.errors()
        ]
        raise ConfigError(
            "; ".join(found), hint="the environment and .env set these; see docs/config.md"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f".env cannot be read: {error}") from error

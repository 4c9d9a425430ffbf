"""Settings of an installation: where things lie, and how much is said.

Read from the environment (`MISMARTERA_RUNTIME_DIR` ...), from `.env` and from
`mismartera.settings.json` in the working folder, in this order; commands write to the last.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from mismartera_core.config.json_text import parse_json
from mismartera_core.errors import ConfigError, did_you_mean

PREFIX = "MISMARTERA_"
SETTINGS_FILE = Path("mismartera.settings.json")
"""Within the working folder; what commands such as `plugins disable` keep."""


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
    plugins_disabled: list[str] = Field(
        default_factory=list, description="Names of plugins that are not loaded, as a JSON list."
    )
    plugin_seconds: float = Field(
        default=5.0, gt=0, description="How long a plugin may take to import and register."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the call pydantic makes
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Sources, the first that has a field decides."""
        kept = InitSettingsSource(settings_cls, read_settings_file())
        return init_settings, env_settings, dotenv_settings, kept


def read_settings_file() -> dict[str, Any]:
    """What the settings file holds; nothing where there is none.

    Raises:
        ConfigError: It cannot be read, or holds what is no setting.
    """
    try:
        found = parse_json(SETTINGS_FILE.read_text(encoding="utf-8-sig"), str(SETTINGS_FILE))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{SETTINGS_FILE} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{SETTINGS_FILE}: expected an object of settings")
    for name in found:
        if name not in Settings.model_fields:
            hint = did_you_mean(name, Settings.model_fields)
            raise ConfigError(f"{SETTINGS_FILE}: there is no setting {name!r}", hint=hint)
    return found


def write_setting(name: str, value: Any) -> None:
    """Keep a setting in the settings file; the others stay as they are.

    Args:
        name: A field of `Settings`.
        value: As JSON has it.

    Raises:
        ConfigError: The file there is cannot be read.
    """
    text = json.dumps({**read_settings_file(), name: value}, indent=2, ensure_ascii=False)
    made = SETTINGS_FILE.with_suffix(".tmp")
    made.write_text(text + "\n", encoding="utf-8")
    made.replace(SETTINGS_FILE)


def load_settings(**overrides: Any) -> Settings:
    """Settings of the environment, of `.env` and of the settings file.

    Args:
        **overrides: Fields that go before all of them.

    Raises:
        ConfigError: A value is not what its field takes, or a file cannot be read.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        found = [
            f"{PREFIX}{str(item['loc'][0]).upper()}: {item['msg']}, was {item['input']!r}"
            for item in error.errors()
        ]
        raise ConfigError(
            "; ".join(found),
            hint=f"the environment, .env and {SETTINGS_FILE} set these; see docs/config.md",
        ) from error
    except SettingsError as error:
        raise ConfigError(
            f"expected a JSON list: {error}", hint=f"such as {PREFIX}PLUGINS_DISABLED='[\"news\"]'"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f".env cannot be read: {error}") from error

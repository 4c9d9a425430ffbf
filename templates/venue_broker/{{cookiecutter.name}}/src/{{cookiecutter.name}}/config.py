"""What a session config can set. The key of the account is never among it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class {{ cookiecutter.__class }}Config(BaseModel):
    """Where the venue is, and how long it is waited for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern=r"^https?://", description="Where requests go.")
    events_url: str = Field(pattern=r"^wss?://", description="WebSocket that events come from.")
    key: str = Field(
        default="{{ cookiecutter.name | upper }}_KEY",
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description="Name of the secret that is the account's key; another name, another account.",
    )
    connect_seconds: float = Field(
        default=3.0, gt=0, le=600, description="Longest wait for a connection."
    )
    read_seconds: float = Field(
        default=10.0, gt=0, le=600, description="Longest wait for an answer."
    )

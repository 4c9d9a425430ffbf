"""Run by Alembic: migrates over the connection that `repositories.database` opened."""

from __future__ import annotations

from alembic import context

from mismartera_core.repositories.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()

"""What an order had filled with an execution: the same under whatever id it is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("executions", sa.Column("cumulative", sa.String(40)))


def downgrade() -> None:
    op.drop_column("executions", "cumulative")

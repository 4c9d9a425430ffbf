"""Markets, their sessions and the user's overrides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "markets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exchange_group", sa.String(40), nullable=False),
        sa.Column("asset_class", sa.String(40), nullable=False),
        sa.Column("rules", sa.String(200), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("seeded_from", sa.Date()),
        sa.Column("seeded_to", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_markets"),
        sa.UniqueConstraint("exchange_group", "asset_class", name="uq_markets_exchange_group"),
    )
    for table in ("sessions", "session_overrides"):
        op.create_table(
            table,
            sa.Column("market_id", sa.Integer(), nullable=False),
            sa.Column("day", sa.Date(), nullable=False),
            sa.Column("pre_open_ns", sa.BigInteger()),
            sa.Column("open_ns", sa.BigInteger()),
            sa.Column("break_start_ns", sa.BigInteger()),
            sa.Column("break_end_ns", sa.BigInteger()),
            sa.Column("close_ns", sa.BigInteger()),
            sa.Column("post_close_ns", sa.BigInteger()),
            sa.Column("early_close", sa.Boolean(), nullable=False),
            sa.Column("name", sa.String(120)),
            sa.Column("source", sa.String(80), nullable=False),
            sa.PrimaryKeyConstraint("market_id", "day", name=f"pk_{table}"),
            sa.ForeignKeyConstraint(
                ["market_id"], ["markets.id"], name=f"fk_{table}_market_id", ondelete="CASCADE"
            ),
        )


def downgrade() -> None:
    op.drop_table("session_overrides")
    op.drop_table("sessions")
    op.drop_table("markets")

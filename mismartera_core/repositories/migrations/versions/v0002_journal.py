"""The order journal, and states that survive a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ACCOUNT = sa.String(80)
NUMBER = sa.String(40)
ID = sa.String(48)


def upgrade() -> None:
    op.create_table(
        "order_intents",
        sa.Column("client_id", ID, nullable=False),
        sa.Column("account", ACCOUNT, nullable=False),
        sa.Column("run", sa.String(120), nullable=False),
        sa.Column("strategy", sa.String(120), nullable=False),
        sa.Column("symbol", sa.String(40), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("limit_price", NUMBER),
        sa.Column("stop_price", NUMBER),
        sa.Column("trail_amount", NUMBER),
        sa.Column("gtc", sa.Boolean(), nullable=False),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("parent", ID, nullable=False),
        sa.Column("oco", ID, nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_order_intents"),
    )
    op.create_index("ix_order_intents_account", "order_intents", ["account", "created_ns"])
    op.create_table(
        "order_events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("venue_id", sa.String(80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_order_events"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["order_intents.client_id"], name="fk_order_events_client_id"
        ),
    )
    op.create_index("ix_order_events_client_id", "order_events", ["client_id"])
    op.create_table(
        "executions",
        sa.Column("account", ACCOUNT, nullable=False),
        sa.Column("execution_id", sa.String(120), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("venue_id", sa.String(80), nullable=False),
        sa.Column("symbol", sa.String(40), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("price", NUMBER, nullable=False),
        sa.Column("commission", NUMBER, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("booked_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "execution_id", name="pk_executions"),
    )
    op.create_index("ix_executions_at", "executions", ["account", "at_ns"])
    op.create_table(
        "held_before",
        sa.Column("account", ACCOUNT, nullable=False),
        sa.Column("symbol", sa.String(40), nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "symbol", name="pk_held_before"),
    )
    op.create_table(
        "strategy_states",
        sa.Column("account", ACCOUNT, nullable=False),
        sa.Column("strategy", sa.String(120), nullable=False),
        sa.Column("symbol", sa.String(40), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("saved_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "strategy", "symbol", name="pk_strategy_states"),
    )


def downgrade() -> None:
    for table in (
        "strategy_states",
        "held_before",
        "executions",
        "order_events",
        "order_intents",
    ):
        op.drop_table(table)

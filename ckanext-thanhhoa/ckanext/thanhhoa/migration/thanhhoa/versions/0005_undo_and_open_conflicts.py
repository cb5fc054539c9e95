"""Runs that take another back, what was undone, and conflicts that are open."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("record", sa.Column("conflicts", postgresql.JSONB()), schema="thanhhoa")
    op.add_column("run", sa.Column("undoes", sa.Text()), schema="thanhhoa")
    op.add_column("run", sa.Column("approved_digest", sa.Text()), schema="thanhhoa")
    op.add_column("run", sa.Column("expired_at", sa.DateTime(timezone=True)), schema="thanhhoa")
    op.create_table(
        "undone",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["thanhhoa.source.id"]),
        sa.PrimaryKeyConstraint("source_id", "remote_id"),
        schema="thanhhoa",
    )


def downgrade():
    op.drop_table("undone", schema="thanhhoa")
    for name in ("undoes", "approved_digest", "expired_at"):
        op.drop_column("run", name, schema="thanhhoa")
    op.drop_column("record", "conflicts", schema="thanhhoa")

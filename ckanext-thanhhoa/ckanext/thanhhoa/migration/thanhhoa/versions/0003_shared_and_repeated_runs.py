"""Runs that several workers share, and that are tried again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEW = ("not_before", "tries", "retries", "put_off_because")


def upgrade():
    none = {"nullable": False, "server_default": "0"}
    for column in (
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("tries", sa.Integer(), **none),
        sa.Column("retries", sa.Integer(), **none),
        sa.Column("put_off_because", postgresql.JSONB()),
    ):
        op.add_column("run", column, schema="thanhhoa")
    op.create_table(
        "part",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("token", sa.BigInteger(), **none),
        sa.Column("run_token", sa.BigInteger(), **none),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), **none),
        sa.Column("left", sa.Integer(), **none),
        sa.ForeignKeyConstraint(["run_id"], ["thanhhoa.run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "number"),
        schema="thanhhoa",
    )
    op.create_index(
        "part_open",
        "part",
        ["run_id", "number"],
        schema="thanhhoa",
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade():
    op.drop_table("part", schema="thanhhoa")
    for name in NEW:
        op.drop_column("run", name, schema="thanhhoa")

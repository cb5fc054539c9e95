"""A rebuild of the search index: where it goes, what is done of it, what changed meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "rebuild",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="thanhhoa",
    )
    op.create_table(
        "rebuild_part",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("rebuild_id", sa.BigInteger(), nullable=False),
        sa.Column("first_id", sa.Text(), nullable=False),
        sa.Column("last_id", sa.Text(), nullable=False),
        sa.Column("datasets", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["rebuild_id"], ["thanhhoa.rebuild.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        schema="thanhhoa",
    )
    op.create_index(
        "rebuild_part_open",
        "rebuild_part",
        ["rebuild_id", "id"],
        schema="thanhhoa",
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "rebuild_change",
        sa.Column("rebuild_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["rebuild_id"], ["thanhhoa.rebuild.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rebuild_id", "dataset_id"),
        schema="thanhhoa",
    )


def downgrade():
    op.drop_table("rebuild_change", schema="thanhhoa")
    op.drop_table("rebuild_part", schema="thanhhoa")
    op.drop_table("rebuild", schema="thanhhoa")

"""What a source's contact was last told, and when upkeep was last done."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "notice",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["source_id"], ["thanhhoa.source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id"),
        schema="thanhhoa",
    )
    op.create_table(
        "upkeep",
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("task"),
        schema="thanhhoa",
    )


def downgrade():
    op.drop_table("upkeep", schema="thanhhoa")
    op.drop_table("notice", schema="thanhhoa")

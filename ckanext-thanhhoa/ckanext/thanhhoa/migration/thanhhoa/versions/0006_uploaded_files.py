"""Files that people upload for a source."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "upload",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("hints", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("uploaded_by", sa.Text()),
        sa.Column(
            "uploaded_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.ForeignKeyConstraint(["source_id"], ["thanhhoa.source.id"]),
        sa.PrimaryKeyConstraint("source_id"),
        schema="thanhhoa",
    )


def downgrade():
    op.drop_table("upload", schema="thanhhoa")

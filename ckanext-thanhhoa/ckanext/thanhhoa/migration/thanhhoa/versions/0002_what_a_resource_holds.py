"""What a resource holds."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "resource_content",
        sa.Column("resource_id", sa.Text(), primary_key=True),
        sa.Column("table_digest", sa.Text()),
        sa.Column("file_digest", sa.Text()),
        schema="thanhhoa",
    )


def downgrade():
    op.drop_table("resource_content", schema="thanhhoa")

"""The harvest ledger"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "blob",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("sha256"),
        schema="thanhhoa",
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column(
            "config", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("allow", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("schedule", sa.Text(), server_default="manual", nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        schema="thanhhoa",
    )
    op.create_index(
        op.f("ix_thanhhoa_source_org_id"), "source", ["org_id"], unique=False, schema="thanhhoa"
    )
    op.create_table(
        "to_index",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column(
            "since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="thanhhoa",
    )
    op.create_index(
        op.f("ix_thanhhoa_to_index_dataset_id"),
        "to_index",
        ["dataset_id"],
        unique=False,
        schema="thanhhoa",
    )
    op.create_table(
        "to_load",
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column(
            "since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("resource_id"),
        schema="thanhhoa",
    )
    op.create_table(
        "record",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("hash", sa.Text(), server_default="", nullable=False),
        sa.Column("mark", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("base", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["thanhhoa.source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "remote_id"),
        schema="thanhhoa",
    )
    op.create_index(
        op.f("ix_thanhhoa_record_dataset_id"),
        "record",
        ["dataset_id"],
        unique=False,
        schema="thanhhoa",
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), server_default="reading", nullable=False),
        sa.Column("token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=True),
        sa.Column(
            "requested_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("complete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("held_because", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("plan_digest", sa.Text(), nullable=True),
        sa.Column("judged_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["thanhhoa.source.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="thanhhoa",
    )
    op.create_index(
        "run_active",
        "run",
        [sa.literal_column("priority DESC"), "requested_at"],
        unique=False,
        schema="thanhhoa",
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(
        "run_by_source",
        "run",
        ["source_id", sa.literal_column("requested_at DESC")],
        unique=False,
        schema="thanhhoa",
    )
    op.create_index(
        "run_one_active",
        "run",
        ["source_id"],
        unique=True,
        schema="thanhhoa",
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "plan_item",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("change", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("pre_image", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["thanhhoa.run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq"),
        schema="thanhhoa",
    )
    op.create_index(
        "plan_item_by_record", "plan_item", ["run_id", "remote_id"], unique=True, schema="thanhhoa"
    )
    op.create_index(
        "plan_item_by_run", "plan_item", ["run_id", "seq"], unique=False, schema="thanhhoa"
    )
    op.create_index(
        "plan_item_pending",
        "plan_item",
        ["run_id", "seq"],
        unique=False,
        schema="thanhhoa",
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "run_problem",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["thanhhoa.run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        schema="thanhhoa",
    )
    op.create_index(
        "run_problem_by_run", "run_problem", ["run_id", "id"], unique=False, schema="thanhhoa"
    )


def downgrade():
    for table in (
        "run_problem",
        "plan_item",
        "run",
        "record",
        "to_load",
        "to_index",
        "source",
        "blob",
    ):
        op.drop_table(table, schema="thanhhoa")

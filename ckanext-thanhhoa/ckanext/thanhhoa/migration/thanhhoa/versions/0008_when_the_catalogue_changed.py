"""Which transactions have changed what pages show: written by triggers, whoever writes.

One row for each; pages are known by the rows that there are (`page_versions`).
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

EVERY = "INSERT OR UPDATE OR DELETE OR TRUNCATE"
#: What pages and the API's answers are made of. From `to_index` a row goes when Solr has followed,
#: from `to_load` when a table was swapped.
TABLES = {
    **dict.fromkeys(
        (
            *("public.package", "public.resource", 'public."group"', "public.member"),
            *("public.tag", "public.package_tag", "public.vocabulary", "public.resource_view"),
            *("public.package_relationship", "public.system_info"),
        ),
        EVERY,
    ),
    "thanhhoa.to_index": "DELETE",
    "thanhhoa.to_load": "DELETE",
}


def upgrade():
    op.execute(
        "CREATE TABLE thanhhoa.change"
        " (xid bigint PRIMARY KEY DEFAULT (pg_current_xact_id()::text::bigint))"
    )
    op.execute(
        "CREATE FUNCTION thanhhoa.note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO thanhhoa.change DEFAULT VALUES ON CONFLICT DO NOTHING; RETURN NULL; END $$"
    )
    for table, events in TABLES.items():
        op.execute(
            f"CREATE TRIGGER thanhhoa_change AFTER {events} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION thanhhoa.note_change()"
        )


def downgrade():
    for table in TABLES:
        op.execute(f"DROP TRIGGER IF EXISTS thanhhoa_change ON {table}")
    op.execute("DROP FUNCTION thanhhoa.note_change()")
    op.execute("DROP TABLE thanhhoa.change")

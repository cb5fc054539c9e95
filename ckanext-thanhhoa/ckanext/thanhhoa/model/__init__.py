"""Tables of the harvest: sources, runs, plans, records, blobs, and what is still to be indexed.

They live in the PostgreSQL schema `thanhhoa` of CKAN's own database, so that a batch of datasets
and its ledger rows commit in one transaction. No foreign key leaves the schema: CKAN may drop
and rebuild its tables without asking ours. Made and changed only by `migration/`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "thanhhoa"

metadata = sa.MetaData(schema=SCHEMA)


def _moment(name: str, **kwargs: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **kwargs)  # type: ignore[arg-type]


#: A source. `config` never holds a secret; `secret` is Fernet-encrypted. A removed source keeps
#: its row (state `deleted`) and its records: added again under its name it takes up where it left.
source = sa.Table(
    "source",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("org_id", sa.Text, nullable=False, index=True),
    sa.Column("config", JSONB(none_as_null=True), nullable=False, server_default="{}"),
    sa.Column("allow", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("schedule", sa.Text, nullable=False, server_default="manual"),
    _moment("next_run_at"),
    sa.Column("state", sa.Text, nullable=False, server_default="active"),
    sa.Column("secret", sa.Text),
    sa.Column("created_by", sa.Text),
    _moment("created_at", nullable=False, server_default=sa.func.now()),
    _moment("updated_at", nullable=False, server_default=sa.func.now()),
)

#: A run. `token` is the fencing token: it grows whenever the lease changes hands. A run that was
#: put off is queued until `not_before`; `retries` is how often a failure of its source is tried
#: again, `tries` how often it was put off, `put_off_because` the problem of the last time.
run = sa.Table(
    "run",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, sa.ForeignKey(source.c.id), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("phase", sa.Text, nullable=False, server_default="reading"),
    sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("lease_owner", sa.Text),
    _moment("lease_until"),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("requested_by", sa.Text),
    _moment("requested_at", nullable=False, server_default=sa.func.now()),
    _moment("started_at"),
    _moment("ended_at"),
    _moment("deadline_at"),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("complete", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("counts", JSONB(none_as_null=True), nullable=False, server_default="{}"),
    sa.Column("held_because", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("plan_digest", sa.Text),
    sa.Column("judged_by", sa.Text),
    _moment("not_before"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("retries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("put_off_because", JSONB(none_as_null=True)),
    sa.Column("undoes", sa.Text),
    sa.Column("approved_digest", sa.Text),
    _moment("expired_at"),
    sa.Index("run_by_source", "source_id", sa.text("requested_at DESC")),
    sa.Index(
        "run_one_active",
        "source_id",
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    ),
    sa.Index(
        "run_active",
        sa.text("priority DESC"),
        "requested_at",
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    ),
)

#: What a person should know of a run: of the whole, or of one record while it was read.
run_problem = sa.Table(
    "run_problem",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("run_id", sa.Text, sa.ForeignKey(run.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("problem", JSONB(none_as_null=True), nullable=False),
    sa.Index("run_problem_by_run", "run_id", "id"),
)

#: A line of a plan. `state`: pending, done or failed. `pre_image` is what undo puts back.
plan_item = sa.Table(
    "plan_item",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("run_id", sa.Text, sa.ForeignKey(run.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("remote_id", sa.Text, nullable=False),
    sa.Column("dataset_id", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("change", JSONB(none_as_null=True), nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="pending"),
    sa.Column("problem", JSONB(none_as_null=True)),
    sa.Column("pre_image", JSONB(none_as_null=True)),
    _moment("settled_at"),
    sa.Index("plan_item_by_record", "run_id", "remote_id", unique=True),
    sa.Index("plan_item_by_run", "run_id", "seq"),
    sa.Index("plan_item_pending", "run_id", "seq", postgresql_where=sa.text("state = 'pending'")),
)

#: A part of a plan that is being applied: its lines from `first_seq` to `last_seq`, leased by
#: itself. `token` is its fencing token; `run_token` the run's when it was leased, so that a run
#: that is taken over frees its parts. `attempts` counts its leases in a row that settled no line
#: of it; `left` is how many were pending at the last one.
part = sa.Table(
    "part",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey(run.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_seq", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("run_token", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("lease_owner", sa.Text),
    _moment("lease_until"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("left", sa.Integer, nullable=False, server_default="0"),
    sa.Index("part_open", "run_id", "number", postgresql_where=sa.text("state = 'open'")),
)

#: What was undone and is not to be done again without a person: a record's version was written
#: (`write`), or the record was withdrawn (`withdraw`).
undone = sa.Table(
    "undone",
    metadata,
    sa.Column("source_id", sa.Text, sa.ForeignKey(source.c.id), primary_key=True),
    sa.Column("remote_id", sa.Text, primary_key=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
)

#: What is known of one record of a source (`harvesters.model.Known`). `conflicts` names the fields
#: over which source and portal once differed, with the moment; whether they still do is looked up.
record = sa.Table(
    "record",
    metadata,
    sa.Column("source_id", sa.Text, sa.ForeignKey(source.c.id), primary_key=True),
    sa.Column("remote_id", sa.Text, primary_key=True),
    sa.Column("dataset_id", sa.Text, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False, server_default=""),
    sa.Column("hash", sa.Text, nullable=False, server_default=""),
    sa.Column("mark", sa.Text, nullable=False, server_default=""),
    sa.Column("version", sa.Text, nullable=False, server_default=""),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("base", JSONB(none_as_null=True)),
    sa.Column("conflicts", JSONB(none_as_null=True)),
    sa.Column("run_id", sa.Text),
    _moment("updated_at", nullable=False, server_default=sa.func.now()),
)

#: Bytes by their SHA-256: tables in canonical form, and files while a plan refers to them.
blob = sa.Table(
    "blob",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    _moment("created_at", nullable=False, server_default=sa.func.now()),
)

#: The file that a person uploaded last for a source, and what they said of how to read it. The
#: bytes are kept here until the next file takes their place; what was published of it is kept with
#: the datasets.
upload = sa.Table(
    "upload",
    metadata,
    sa.Column("source_id", sa.Text, sa.ForeignKey(source.c.id), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("hints", JSONB(none_as_null=True), nullable=False, server_default="{}"),
    sa.Column("uploaded_by", sa.Text),
    _moment("uploaded_at", nullable=False, server_default=sa.func.now()),
)

#: Datasets whose committed state Solr does not have yet. Append only: a mark is an insert, and the
#: flusher deletes the rows it has read, so that writers never wait for each other.
to_index = sa.Table(
    "to_index",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("dataset_id", sa.Text, nullable=False, index=True),
    _moment("since", nullable=False, server_default=sa.func.now()),
)

#: Tables that are to be swapped in the DataStore's database; digest '' means: to be dropped.
to_load = sa.Table(
    "to_load",
    metadata,
    sa.Column("resource_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    _moment("since", nullable=False, server_default=sa.func.now()),
)

#: What a resource holds: the table in the DataStore and the bytes in the file storage, by digest.
resource_content = sa.Table(
    "resource_content",
    metadata,
    sa.Column("resource_id", sa.Text, primary_key=True),
    sa.Column("table_digest", sa.Text),
    sa.Column("file_digest", sa.Text),
)

#: What a source's contact was last told: `run_id` is the last run that was looked at, `digest` what
#: was wrong then (empty: nothing). `tries` and `not_before` are for a mail that did not go out.
notice = sa.Table(
    "notice",
    metadata,
    sa.Column(
        "source_id", sa.Text, sa.ForeignKey(source.c.id, ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("run_id", sa.Text, nullable=False, server_default=""),
    sa.Column("digest", sa.Text, nullable=False, server_default=""),
    _moment("sent_at"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    _moment("not_before"),
)

#: When a task that one worker does for all was last begun.
upkeep = sa.Table(
    "upkeep",
    metadata,
    sa.Column("task", sa.Text, primary_key=True),
    _moment("done_at", nullable=False),
)

#: A rebuild of the search index that has not ended; `target` is the new core or collection.
rebuild = sa.Table(
    "rebuild",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("target", sa.Text, nullable=False),
    _moment("started_at", nullable=False, server_default=sa.func.now()),
)

#: Datasets of a rebuild, by the range of their ids, that one process sends together.
rebuild_part = sa.Table(
    "rebuild_part",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column(
        "rebuild_id", sa.BigInteger, sa.ForeignKey(rebuild.c.id, ondelete="CASCADE"), nullable=False
    ),
    sa.Column("first_id", sa.Text, nullable=False),
    sa.Column("last_id", sa.Text, nullable=False),
    sa.Column("datasets", sa.Integer, nullable=False),
    _moment("done_at"),
    sa.Index("rebuild_part_open", "rebuild_id", "id", postgresql_where=sa.text("done_at IS NULL")),
)

#: Datasets that were indexed while the rebuild went on: they are sent to its target once more.
rebuild_change = sa.Table(
    "rebuild_change",
    metadata,
    sa.Column(
        "rebuild_id",
        sa.BigInteger,
        sa.ForeignKey(rebuild.c.id, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("dataset_id", sa.Text, primary_key=True),
)

#: The transactions that have changed what pages show, by PostgreSQL's numbers; written by triggers.
change = sa.Table("change", metadata, sa.Column("xid", sa.BigInteger, primary_key=True))

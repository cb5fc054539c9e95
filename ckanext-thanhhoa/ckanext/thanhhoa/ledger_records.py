"""What the ledger keeps of a source: its records as they were harvested last, and blobs."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence

import sqlalchemy as sa
from ckanext.thanhhoa.ledger_transactions import reading, writing
from ckanext.thanhhoa.model import blob, record
from sqlalchemy.dialects.postgresql import insert

from harvesters.model import Known

#: Rows fetched together.
_AT_ONCE = 5000


class Records:
    """The part of the ledger that outlives runs."""

    def known(self, source_id: str) -> dict[str, Known]:
        columns = (
            record.c.remote_id,
            record.c.dataset_id,
            record.c.hash,
            record.c.mark,
            record.c.version,
            record.c.active,
        )
        query = sa.select(*columns).where(record.c.source_id == source_id)
        found: dict[str, Known] = {}
        with reading() as session:
            # By a cursor of the server: otherwise all rows lie here twice for a moment.
            for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
                id_, dataset_id, hash_, mark, version, active = row
                known = Known(id_, dataset_id, "", hash_, mark, sys.intern(version), active)
                found[id_] = known
        return found

    def recall(self, source_id: str, remote_ids: Sequence[str]) -> dict[str, Known]:
        columns = (
            record.c.remote_id,
            record.c.dataset_id,
            record.c.name,
            record.c.hash,
            record.c.mark,
            record.c.version,
            record.c.active,
            record.c.title,
            record.c.base,
        )
        query = sa.select(*columns).where(
            record.c.source_id == source_id, record.c.remote_id.in_(remote_ids)
        )
        with reading() as session:
            return {row.remote_id: Known(*row) for row in session.execute(query)}

    def put_blob(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        aging = blob.c.created_at < sa.func.now() - sa.literal_column("interval '1 hour'")
        held = sa.select(aging).where(blob.c.sha256 == sha256)
        with writing() as session:
            is_aging = session.execute(held).scalar()
            if is_aging is None:
                values = {"sha256": sha256, "size": len(content), "content": content}
                session.execute(insert(blob).values(values).on_conflict_do_nothing())
            elif is_aging:
                # Needed again: young blobs are not dropped before a plan names them.
                young = sa.update(blob).where(blob.c.sha256 == sha256)
                session.execute(young.values(created_at=sa.func.now()))
        return sha256

    def get_blob(self, sha256: str) -> bytes:
        query = sa.select(blob.c.content).where(blob.c.sha256 == sha256)
        with reading() as session:
            content = session.execute(query).scalar()
        if content is None:
            raise LookupError(f"no blob {sha256}")
        return bytes(content)

"""One record on its way into a plan: its contents by digest, a look for personal data, storing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harvesters import privacy
from harvesters.codec import encode_table
from harvesters.errors import HarvestError, Problem
from harvesters.model import File, Record, RecordResource, digest
from harvesters.ports import Ledger

#: A resource's table and its file, each by SHA-256; None where it has none.
Digests = tuple[str | None, str | None]


@dataclass(frozen=True)
class Contents:
    """What a resource brings beside its fields: its table, encoded, and its file."""

    table: bytes | None
    file: File | None

    def digests(self) -> Digests:
        """Both by SHA-256."""
        table = hashlib.sha256(self.table).hexdigest() if self.table is not None else None
        return table, self.file.sha256 if self.file is not None else None

    def store(self, ledger: Ledger) -> Digests:
        """Keeps both in the ledger; gives their digests."""
        table = ledger.put_blob(self.table) if self.table is not None else None
        return table, ledger.put_blob(self.file.content) if self.file is not None else None


def contents(record: Record, max_cells: int) -> dict[str, Contents]:
    """What the record's resources bring, by their ids. Raises `too_large` beyond `max_cells`."""
    return {
        resource.remote_id: Contents(_encoded(resource, max_cells), resource.file)
        for resource in record.resources
    }


def record_hash(record: Record, blobs: Mapping[str, Digests]) -> str:
    """What a record says, by digest. `blobs`: its resources' tables and files, each by digest."""
    resources = [
        [resource.remote_id, dict(resource.fields), *blobs[resource.remote_id]]
        for resource in record.resources
    ]
    return digest([record.remote_id, dict(record.fields), resources])


def personal_data(record: Record) -> Iterator[Problem]:
    """A note for each column of the record's tables that looks like personal data."""
    for resource in record.resources:
        if resource.table is None:
            continue
        where = str(resource.fields.get("name") or record.remote_id)
        for found in privacy.inspect(resource.table):
            params = {
                "column": found.column,
                "kind": found.kind,
                "hits": str(found.hits),
                "rows": str(found.rows),
            }
            yield Problem("personal_data", where, record.remote_id, params)


def _encoded(resource: RecordResource, max_cells: int) -> bytes | None:
    if resource.table is None:
        return None
    cells = len(resource.table.columns) * len(resource.table.rows)
    if cells > max_cells:
        where = str(resource.fields.get("name") or resource.remote_id)
        limit, limit_en = f"{max_cells} ô", f"{max_cells} cells"
        raise HarvestError("too_large", where=where, limit=limit, limit_en=limit_en)
    return encode_table(resource.table)

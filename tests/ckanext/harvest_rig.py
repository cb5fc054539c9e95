"""What a worker does around the catalogue, for tests: a source, leased runs, spooled plans."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence
from typing import Any

from ckan import model
from ckanext.thanhhoa import runs, sources
from ckanext.thanhhoa.catalog import CkanCatalog
from ckanext.thanhhoa.ledger import Ledger

from harvesters import mapping
from harvesters.codec import encode_table
from harvesters.model import Change, File, MappedDataset, MappedResource, Outcome, Table
from harvesters.ports import Run, Verdict


class Harvest:
    """A source with its real ledger and the real catalogue."""

    def __init__(self, org_id: str) -> None:
        values = {
            "name": f"nguon-{uuid.uuid4().hex[:6]}",
            "type": "files",
            "url": "file:///tmp",
            "schedule": "manual",
            "config": {},
            "allow": [],
        }
        self.source_id = sources.create(values, org_id, None, None)
        model.Session.commit()
        self.ledger = Ledger()
        self.catalog = CkanCatalog(self.ledger)

    def run(self) -> Run:
        """A new run that this process holds the lease of; an unfinished one is ended."""
        row = sources.by_id(self.source_id)
        run_id = runs.request(row, "run", None)
        model.Session.commit()
        run = runs.acquire(run_id, "test")
        assert run is not None
        return run

    def plan(self, changes: Sequence[Change]) -> Run:
        """A run whose plan is ready to be applied."""
        run = self.run()
        self.ledger.begin_plan(run)
        self.ledger.spool(run, changes, [])
        assert self.ledger.judge(run, Verdict(True, {})) == "running"
        return run

    def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        """Plans, applies and finishes."""
        run = self.plan(changes)
        outcomes = self.catalog.apply(run, changes)
        self.catalog.wait_for_index()
        self.ledger.finish(run, "applied")
        return outcomes

    def dataset(self, remote_id: str, resources: Sequence[MappedResource] = (), **fields: Any):
        """A mapped dataset of this source."""
        id_ = mapping.dataset_id(self.source_id, remote_id)
        return MappedDataset(
            id_,
            {"title": f"Bộ dữ liệu {remote_id}", "access_rights": "PUBLIC", **fields},
            tuple(resources),
        )

    def resource(
        self,
        remote_id: str,
        name: str,
        table: Table | None = None,
        file: File | None = None,
        **fields: Any,
    ) -> MappedResource:
        """A mapped resource; its table or file is put into the ledger."""
        id_ = mapping.resource_id(self.source_id, remote_id, name)
        blobs = (
            self.ledger.put_blob(encode_table(table)) if table else None,
            self.ledger.put_blob(file.content) if file else None,
        )
        described: dict[str, Any] = {"name": name, **fields}
        if file:
            described |= {
                "filename": file.name,
                "mimetype": file.media_type,
                "size": len(file.content),
                "hash": file.sha256,
                "hash_algorithm": "sha256",
            }
        return MappedResource(id_, described, *blobs)


def create(remote_id: str, dataset: MappedDataset) -> Change:
    """The line of a plan for a new dataset."""
    return Change(
        "create",
        remote_id,
        dataset.id,
        dataset=dataset,
        base=dataset,
        hash=f"h-{remote_id}",
        title=dataset.fields["title"],
    )


def update(remote_id: str, dataset: MappedDataset) -> Change:
    """The line of a plan for a change."""
    return dataclasses.replace(create(remote_id, dataset), action="update", hash="h2")


def withdraw(remote_id: str, dataset: MappedDataset) -> Change:
    """The line of a plan for a tombstone."""
    return Change("withdraw", remote_id, dataset.id, title=dataset.fields["title"])

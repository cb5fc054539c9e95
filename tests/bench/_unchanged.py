"""A source that was harvested before, without the hour that it takes; and its second harvest."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from harvesters import mapping
from harvesters.preparing import record_hash
from harvesters.registry import source_type
from harvesters.sources._ckan_package import to_record
from tests.bench._ours import Ours

AT_ONCE = 5000
_RECORD = "source_id, remote_id, dataset_id, name, title, hash, mark, version, active"
_PACKAGE = "id, name, title, type, state, private"
_WRITTEN = (
    "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables "
    "WHERE schemaname = 'public'"
)


@dataclass(frozen=True)
class Again:
    """What the second harvest took. `written` are rows of CKAN's tables; megabytes of 10⁶ bytes."""

    records: int
    seconds: float
    cpu: float
    megabytes: float
    written: int


def fill(ours: Ours, source_id: str, url: str, listed: Iterable[Mapping[str, Any]]) -> None:
    """The rows that a first harvest leaves."""
    rules = mapping.combine(source_type("ckan").mapping, {})
    version = mapping.version_of(rules)
    listed = iter(listed)
    with closing(ours.connect()) as connection, connection, connection.cursor() as cursor:
        while batch := list(islice(listed, AT_ONCE)):
            records, datasets = io.StringIO(), io.StringIO()
            as_record, as_dataset = csv.writer(records), csv.writer(datasets)
            for package in batch:
                record = to_record(package, url)
                id_ = mapping.dataset_id(source_id, record.remote_id)
                title, name = record.fields["title"], f"bench-{id_}"
                no_blobs = {resource.remote_id: (None, None) for resource in record.resources}
                hash_ = record_hash(mapping.settled(record, rules), no_blobs)
                facts = (id_, name, title, hash_, record.mark, version, True)
                as_record.writerow((source_id, record.remote_id, *facts))
                as_dataset.writerow((id_, name, title, "dataset", "active", False))
            for table, columns, rows in (
                ("thanhhoa.record", _RECORD, records),
                ("public.package", _PACKAGE, datasets),
            ):
                rows.seek(0)
                cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN CSV", rows)
    with closing(ours.connect()) as connection:
        connection.autocommit = True
        connection.cursor().execute("ANALYZE thanhhoa.record, public.package")


def harvest_again(ours: Ours, source_id: str, worker: psutil.Process) -> Again:
    """Runs the harvest in the worker and measures. Raises when anything was not unchanged."""
    time.sleep(2)  # what was written before has reached the statistics
    written, cpu = _one(ours, _WRITTEN), sum(worker.cpu_times()[:2])
    ours.request(source_id)
    state, seconds, counts = ours.ended(source_id, within=600)
    cpu = sum(worker.cpu_times()[:2]) - cpu
    if state != "applied" or counts["unchanged"] != sum(counts.values()):
        raise RuntimeError(f"not unchanged: {state}, {counts}")
    time.sleep(2)
    written = _one(ours, _WRITTEN) - written
    return Again(counts["unchanged"], seconds, cpu, _peak(worker), written)


def _one(ours: Ours, query: str) -> int:
    with closing(ours.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])


def _peak(process: psutil.Process) -> float:
    """The most memory that the process and no other has had resident, as Linux counts it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6

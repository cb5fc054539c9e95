"""A large source in bounded memory: what is held of a record while a plan is made is small."""

import gc
import tracemalloc
from types import MappingProxyType

import pytest

from harvesters import registry
from harvesters.model import End, Record
from harvesters.run import Ports, execute
from tests.fakes import FakeCatalog, FakeLedger, make_source

#: Bytes of a record's own text: what must not be held for each record.
TEXT = "Số liệu do cơ quan chuyên môn tổng hợp. " * 50


class Counting(FakeLedger):
    """Counts what is spooled and lets go of it, as a database does."""

    def spool(self, run, changes, problems):
        self.spooled = getattr(self, "spooled", 0) + len(changes)

    def recall(self, source_id, remote_ids):
        assert len(remote_ids) <= 500, "bases come by the batch"
        return super().recall(source_id, remote_ids)


def record(number: int, mark: str) -> Record:
    return Record(f"r{number:06}", {"title": f"Bộ {number}", "notes": f"{TEXT}{number}"}, (), mark)


def source_of(records: int, mark: str):
    def read(settings, fetch, since):
        for number in range(records):
            yield record(number, mark)
        yield End(True, records)

    return read


@pytest.fixture
def planned(monkeypatch):
    """Plans a source of so many records; gives the ledger and the peak of memory."""

    def plan(records: int, mark: str = "m", ledger: FakeLedger | None = None):
        ledger = ledger or Counting()
        kind = registry.source_types()["files"]
        fake = kind.__class__(
            "fake", kind.title, kind.settings, source_of(records, mark), kind.probe
        )
        monkeypatch.setattr(registry, "source_types", lambda: MappingProxyType({"fake": fake}))
        source = make_source()
        run = ledger.start(source, "plan")
        gc.collect()
        tracemalloc.start()
        state = execute(run, Ports(ledger, FakeCatalog(ledger), fetch=None))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        monkeypatch.undo()
        assert state == "planned"
        return ledger, run, peak

    return plan


def test_memory_grows_by_less_than_a_record_for_each_record(planned):
    _, _, small = planned(2_000)
    ledger, run, large = planned(8_000)
    assert ledger.spooled == 8_000
    assert dict(ledger.verdicts[run.id].counts)["created"] == 8_000
    assert (large - small) / 6_000 < 1_000 < len(TEXT.encode())

"""The engine on in-memory ports: a scripted source, a ledger, a catalogue, and records for them."""

from __future__ import annotations

from decimal import Decimal

from harvesters.model import Column, File, Record, RecordResource, Table
from harvesters.ports import Source
from harvesters.run import Ports, execute
from tests.fakes import FakeCatalog, FakeLedger, Script, make_source

COLUMNS = (
    Column("don_vi", "text", "Đơn vị", role="dimension"),
    Column("diem", "number", "Điểm"),
)


class World:
    """A source with its script, a ledger and a catalogue."""

    def __init__(self, config: dict[str, object] | None = None) -> None:
        self.script = Script()
        self.ledger = FakeLedger()
        self.catalog = FakeCatalog(self.ledger)
        self.source: Source = make_source(config=config)

    def run(self, kind: str = "run"):
        run = self.ledger.start(self.source, kind)
        return run, execute(run, Ports(self.ledger, self.catalog, fetch=None))

    def codes(self, run) -> list[str]:
        return [problem.code for problem in self.ledger.problems[run.id]]

    def counts(self, run) -> dict[str, int]:
        return dict(self.ledger.verdicts[run.id].counts)


def record(number: int, **fields: object) -> Record:
    return Record(f"r{number}", {"title": f"Bộ {number}", **fields}, mark=f"m{number}")


def table_record(value: str, extra: tuple[tuple[str, Decimal], ...] = ()) -> Record:
    rows = (("Văn phòng UBND tỉnh", Decimal(value)), ("Sở Tài chính", Decimal("800")), *extra)
    table = RecordResource("table", {"name": "Xếp hạng"}, table=Table(COLUMNS, rows))
    file = RecordResource("file", {"name": "Tệp gốc"}, file=File("a.csv", "text/csv", b"a"))
    return Record("dti", {"title": "DTI"}, (file, table))

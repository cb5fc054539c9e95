"""Port Catalog: one suite, run on the in-memory fake and on CKAN."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from harvesters import mapping
from harvesters.codec import encode_table
from harvesters.errors import LeaseLost
from harvesters.model import (
    Change,
    Column,
    File,
    Known,
    MappedDataset,
    MappedResource,
    Table,
)
from harvesters.ports import Run, Verdict
from tests.fakes import FakeCatalog, FakeLedger, make_source

TABLE = Table((Column("nam", "integer", "Năm"),), ((2023,), (2024,)))
FILE = File("Báo cáo.csv", "text/csv", "năm\n2024\n".encode())


@dataclass
class Harness:
    """A catalogue with its ledger, and runs whose plan is ready to be applied."""

    catalog: Any
    ledger: Any
    source_id: str
    start: Callable[[], Run]
    delete: Callable[[str], Any]

    def plan(self, changes: Sequence[Change]) -> Run:
        run = self.start()
        self.ledger.begin_plan(run)
        self.ledger.spool(run, changes, [])
        self.ledger.judge(run, Verdict(True, {}))
        return run

    def apply(self, *changes: Change) -> list[Any]:
        run = self.plan(changes)
        outcomes = self.catalog.apply(run, changes)
        assert self.ledger.pending(run, 10) == []
        self.ledger.finish(run, "applied")
        return outcomes

    def known(self) -> dict[str, Known]:
        return self.ledger.known(self.source_id)

    def recall(self, remote_id: str) -> Known:
        return self.ledger.recall(self.source_id, [remote_id])[remote_id]

    def dataset(self, remote_id: str, *resources: MappedResource, **fields: Any) -> MappedDataset:
        id_ = mapping.dataset_id(self.source_id, remote_id)
        fields = {"title": f"Bộ {remote_id}", "access_rights": "PUBLIC", **fields}
        return MappedDataset(id_, fields, resources)

    def resource(self, remote_id: str, name: str, **fields: Any) -> MappedResource:
        id_ = mapping.resource_id(self.source_id, remote_id, name)
        return MappedResource(id_, {"name": name, **fields})


def _fake() -> Harness:
    ledger, source = FakeLedger(), make_source()
    catalog = FakeCatalog(ledger)
    start = lambda: ledger.start(source)  # noqa: E731
    return Harness(catalog, ledger, source.id, start, catalog.deleted.add)


def _ckan() -> Harness:
    from ckan.tests import factories
    from ckan.tests.helpers import call_action

    from tests.ckanext.harvest_rig import Harvest

    harvest = Harvest(factories.Organization()["id"])

    def delete(id_: str) -> None:
        call_action("package_delete", {"user": factories.Sysadmin()["name"]}, id=id_)

    return Harness(harvest.catalog, harvest.ledger, harvest.source_id, harvest.run, delete)


@pytest.fixture(params=["fake", "ckan"])
def port(request: pytest.FixtureRequest) -> Iterator[Harness]:
    """The fake, and CKAN where there is one to test with."""
    if request.param == "fake":
        yield _fake()
        return
    request.getfixturevalue("with_plugins")
    with request.getfixturevalue("app").flask_app.test_request_context():
        yield _ckan()


def _change(action: Any, remote_id: str, dataset: MappedDataset) -> Change:
    change = Change(action, remote_id, dataset.id, title=dataset.fields["title"])
    if action == "withdraw":
        return change
    return replace(change, dataset=dataset, base=dataset, hash=f"hash of {dataset.fields}")


def test_what_was_created_is_held(port: Harness) -> None:
    one = port.dataset("1", port.resource("1", "a", url="https://e.org/a"), notes="Mô tả")
    two = port.dataset("2")
    outcomes = port.apply(_change("create", "1", one), _change("create", "2", two))
    assert [(o.remote_id, o.problem) for o in outcomes] == [("1", None), ("2", None)]
    assert port.catalog.current([one.id, two.id, "unknown"]) == {one.id: one, two.id: two}
    assert {r: k.active for r, k in port.known().items()} == {"1": True, "2": True}


def test_tables_and_files_are_held_by_their_digests(port: Harness) -> None:
    table = replace(
        port.resource("r", "bảng", format="CSV"), table=port.ledger.put_blob(encode_table(TABLE))
    )
    described = {"filename": FILE.name, "mimetype": FILE.media_type}
    file = replace(port.resource("r", "tệp", **described), file=port.ledger.put_blob(FILE.content))
    dataset = port.dataset("r", file, table)
    port.apply(_change("create", "r", dataset))
    assert port.catalog.current([dataset.id]) == {dataset.id: dataset}


def test_an_update_replaces_fields_and_resources(port: Harness) -> None:
    a, b, c = (port.resource("r", n, url=f"https://e.org/{n}") for n in "abc")
    old = port.dataset("r", a, b, notes="Cũ", version="1")
    port.apply(_change("create", "r", old))
    new = port.dataset("r", c, a, notes="Mới")
    port.apply(_change("update", "r", new))
    assert port.catalog.current([new.id]) == {new.id: new}
    assert port.recall("r").base == new.to_json()


def test_what_was_withdrawn_is_gone_and_remembered(port: Harness) -> None:
    dataset = port.dataset("r")
    port.apply(_change("create", "r", dataset))
    port.apply(_change("withdraw", "r", dataset))
    assert port.catalog.current([dataset.id]) == {}
    assert port.recall("r").active is False
    port.apply(_change("create", "r", dataset))
    assert port.catalog.current([dataset.id]) == {dataset.id: dataset}
    assert port.recall("r").active is True


def test_a_change_applied_again_changes_nothing(port: Harness) -> None:
    dataset = port.dataset("r", port.resource("r", "a", url="https://e.org/a"))
    port.apply(_change("create", "r", dataset))
    port.apply(_change("create", "r", dataset))
    assert port.catalog.current([dataset.id]) == {dataset.id: dataset}
    port.apply(_change("withdraw", "r", dataset))
    port.apply(_change("withdraw", "r", dataset))
    assert port.catalog.current([dataset.id]) == {}


def test_a_stale_lease_writes_nothing(port: Harness) -> None:
    dataset = port.dataset("r")
    change = _change("create", "r", dataset)
    run = port.plan([change])
    with pytest.raises(LeaseLost):
        port.catalog.apply(replace(run, token=run.token - 1), [change])
    assert port.catalog.current([dataset.id]) == {}
    assert port.ledger.pending(run, 10) == [change]


def test_what_a_person_deleted_is_told_and_what_was_withdrawn_is_not(port: Harness) -> None:
    here, gone, withdrawn = (port.dataset(remote_id) for remote_id in ("1", "2", "3"))
    changes = zip("123", (here, gone, withdrawn), strict=True)
    port.apply(*(_change("create", remote_id, dataset) for remote_id, dataset in changes))
    port.apply(_change("withdraw", "3", withdrawn))
    assert port.catalog.removed(port.source_id) == set()
    port.delete(gone.id)
    assert port.catalog.removed(port.source_id) == {"2"}


def test_an_update_is_not_written_over_what_it_was_not_merged_with(port: Harness) -> None:
    one, two = port.dataset("1", notes="Cũ"), port.dataset("2", notes="Cũ")
    port.apply(_change("create", "1", one), _change("create", "2", two))
    seen = port.catalog.current([one.id, two.id])
    edited = port.dataset("1", notes="Của người khác")
    port.apply(_change("update", "1", edited))
    changes = [_change("update", n, port.dataset(n, notes="Mới")) for n in "12"]
    run = port.plan(changes)
    outcomes = port.catalog.apply(run, changes, seen)
    assert [(o.remote_id, o.moved) for o in outcomes] == [("1", True), ("2", False)]
    now = port.catalog.current([one.id, two.id])
    assert (now[one.id], now[two.id].fields["notes"]) == (edited, "Mới")
    assert port.ledger.pending(run, 10) == [changes[0]]

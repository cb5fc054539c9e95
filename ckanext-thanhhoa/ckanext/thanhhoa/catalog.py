"""Port Catalog on CKAN: batches of datasets, each together with its ledger rows.

The datasets of a batch, their tags and resources, the ledger's rows, the note of what is to be
indexed and the intent of each table's swap are one transaction of CKAN's database. Before it, files
are stored (by their SHA-256, so storing twice is harmless) and tables are staged, where a wrong one
fails without a trace; after it, tables are swapped and the search index follows. Whatever is left
of that by a crash is finished from the noted intents: `datastore.recover`, `index.flush`.

A batch that fails is rolled back whole and tried in halves, until the bad record stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

from ckan import model
from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import catalog_content, catalog_removed, index, originals, package_shows
from ckanext.thanhhoa.batch_effects import may_batch
from ckanext.thanhhoa.catalog_batch import Batch
from ckanext.thanhhoa.catalog_problems import problem_of
from ckanext.thanhhoa.catalog_single import Single
from ckanext.thanhhoa.outages import is_locked, outage
from ckanext.thanhhoa.package_form import to_mapped
from sqlalchemy.exc import DBAPIError, OperationalError

from harvesters import ports
from harvesters.errors import LeaseLost, Problem
from harvesters.model import Change, MappedDataset, Outcome
from harvesters.ports import Run

#: Records of one transaction, and tables of one: their rows make it long.
RECORDS, TABLES = 100, 20


class Ledger(ports.Ledger, Protocol):
    """What the catalogue needs of the ledger, in its own transaction; none of these commits."""

    def guard(self, run: Run) -> None:
        """Locks the run's row. Raises LeaseLost."""

    def settle(
        self, run: Run, change: Change, name: str, pre_image: Mapping[str, Any] | None = None
    ) -> None:
        """The change is written."""

    def settle_many(
        self, run: Run, settled: Sequence[tuple[Change, str, Mapping[str, Any] | None]]
    ) -> None:
        """The changes are written."""

    def settle_failed(self, run: Run, change: Change, problem: Problem) -> None:
        """The change was refused."""


class CkanCatalog:
    """The catalogue of datasets in CKAN. Needs an application context."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._single = Single(ledger, _context)
        self._sending: Future[int] | None = None
        _site_user.cache_clear()

    def current(self, dataset_ids: Sequence[str]) -> dict[str, MappedDataset]:
        try:
            model.Session.expire_all()
            found = package_shows.load(dataset_ids)
            active = {id_: p for id_, p in found.items() if p.state == "active"}
            shown = package_shows.packages(active)
            resources = [r["id"] for package in shown.values() for r in package["resources"]]
            holdings = originals.holdings(resources) if resources else {}
        except OperationalError as error:
            # The database went away: the run is not failed, it is read again when it is back.
            model.Session.remove()
            raise LeaseLost("") from error
        return {
            id_: to_mapped(package_shows.by_own_schema(package), holdings)
            for id_, package in shown.items()
        }

    def removed(self, source_id: str) -> set[str]:
        return catalog_removed.removed(source_id)

    def apply(
        self,
        run: Run,
        changes: Sequence[Change],
        merged_with: Mapping[str, MappedDataset] = MappingProxyType({}),
    ) -> list[Outcome]:
        outcomes: dict[str, Outcome] = {}
        try:
            together, alone = _sorted_out(changes)
        except DBAPIError as error:
            self._give_way(run, error)
            raise
        for part in _parts(together):
            self._apply_batch(run, part, merged_with, outcomes)
        try:
            with index.deferred():
                for change in alone:
                    seen = merged_with.get(change.dataset_id)
                    outcomes[change.remote_id] = self._apply_one(run, change, seen)
        finally:
            if alone:
                index.catch_up([change.dataset_id for change in alone])
        return [outcomes[change.remote_id] for change in changes]

    def wait_for_index(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            index.wait_for(sending)

    def _apply_batch(
        self,
        run: Run,
        changes: Sequence[Change],
        merged_with: Mapping[str, MappedDataset],
        outcomes: dict[str, Outcome],
        tries: int = 3,
    ) -> None:
        """All in one transaction; if that fails in halves, until what fails stands alone."""
        try:
            user = model.User.get(_site_user())
            batch = Batch(self._ledger, run, user, changes, merged_with)
            with index.deferred():
                outcomes.update(batch.write())
        except LeaseLost:
            model.Session.rollback()
            raise
        except Exception as error:
            self._give_way(run, error)
            if tries and is_locked(error):
                self._apply_batch(run, changes, merged_with, outcomes, tries - 1)
            elif len(changes) > 1:
                half = len(changes) // 2
                self._apply_batch(run, changes[:half], merged_with, outcomes)
                self._apply_batch(run, changes[half:], merged_with, outcomes)
            else:
                outcomes[changes[0].remote_id] = self._refuse(run, changes[0], error)
            return
        self.wait_for_index()
        self._sending = index.send(batch.shows)
        for dataset, before in batch.written:
            catalog_content.add_views(dataset, before, _context())

    def _apply_one(self, run: Run, change: Change, seen: MappedDataset | None) -> Outcome:
        try:
            written = self._single.write(run, change, seen)
        except LeaseLost:
            model.Session.rollback()
            raise
        except Exception as error:
            self._give_way(run, error)
            return self._refuse(run, change, error)
        return Outcome(change.remote_id, moved=not written)

    def _give_way(self, run: Run, error: Exception) -> None:
        """Not only rolled back: what failed must leave no object behind for the next record."""
        model.Session.remove()
        out_of_order = outage(error, run.id)
        if out_of_order is not None:
            raise out_of_order from error

    def _refuse(self, run: Run, change: Change, error: Exception) -> Outcome:
        """Settles a change that could not be written. Commits."""
        problem = problem_of(error).of(change.remote_id)
        self._ledger.guard(run)
        self._ledger.settle_failed(run, change, problem)
        model.Session.commit()
        return Outcome(change.remote_id, problem)


def _sorted_out(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """Those that a batch can write, and those that go through the action API one by one."""
    written = [change for change in changes if change.action != "withdraw"]
    if not written or not may_batch():
        return [], list(changes)
    query = model.Session.query(model.Package.id, model.Package.state).filter(
        model.Package.id.in_([change.dataset_id for change in written])
    )
    states: dict[str, str] = dict(query.all())
    together = [c for c in written if states.get(c.dataset_id, "active") == "active"]
    ids = {change.remote_id for change in together}
    return together, [change for change in changes if change.remote_id not in ids]


def _parts(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """The changes in batches of a bounded number of records and tables."""
    part: list[Change] = []
    tables = 0
    for change in changes:
        of_this = sum(bool(r.table) for r in change.dataset.resources) if change.dataset else 0
        if part and (len(part) >= RECORDS or tables + of_this > TABLES):
            yield part
            part, tables = [], 0
        part.append(change)
        tables += of_this
    if part:
        yield part


def _context(**more: Any) -> Context:
    return Context(user=_site_user(), ignore_auth=True, **more)


@cache
def _site_user() -> str:
    """The name of the user in whose name harvests write; asked once for a catalogue."""
    user: dict[str, str] = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})
    return user["name"]

"""Port Catalog on CKAN: datasets through the action API, each together with its ledger rows.

A dataset, its tags and resources, the ledger's rows, the note of what is to be indexed and the
intent of each table's swap are one transaction of CKAN's database. Before it, files are stored
(by their SHA-256, so storing twice is harmless) and tables are staged, where a wrong one fails
without a trace; after it, tables are swapped and the search index follows. Whatever is left of
that by a crash is finished from the noted intents: `datastore.recover`, `index.flush`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from ckan import model
from ckan.lib import datapreview
from ckan.logic import ValidationError
from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import datastore, index, originals
from ckanext.thanhhoa.names import free_name
from ckanext.thanhhoa.package_form import Holdings, to_mapped, to_package
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from harvesters import ports
from harvesters.codec import decode_table
from harvesters.errors import HarvestError, LeaseLost, Problem
from harvesters.model import Change, MappedDataset, Outcome
from harvesters.ports import Run

log = logging.getLogger(__name__)


class Ledger(ports.Ledger, Protocol):
    """What the catalogue needs of the ledger, in its own transaction; none of these commits."""

    def guard(self, run: Run) -> None:
        """Locks the run's row. Raises LeaseLost."""

    def settle(
        self, run: Run, change: Change, name: str, pre_image: Mapping[str, Any] | None = None
    ) -> None:
        """The change is written."""

    def settle_failed(self, run: Run, change: Change, problem: Problem) -> None:
        """The change was refused."""


class CkanCatalog:
    """The catalogue of datasets in CKAN. Needs an application context."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        _site_user.cache_clear()

    def current(self, dataset_ids: Sequence[str]) -> dict[str, MappedDataset]:
        try:
            found = {id_: _show(id_) for id_ in _active(dataset_ids)}
            resource_ids = [r["id"] for package in found.values() for r in package["resources"]]
            holdings = originals.holdings(resource_ids)
        except OperationalError as error:
            # The database went away: the run is not failed, it is read again when it is back.
            model.Session.remove()
            raise LeaseLost("") from error
        return {id_: to_mapped(package, holdings) for id_, package in found.items()}

    def apply(self, run: Run, changes: Sequence[Change]) -> list[Outcome]:
        outcomes = []
        try:
            with index.deferred():
                outcomes = [self._apply_one(run, change) for change in changes]
        finally:
            index.catch_up([change.dataset_id for change in changes])
        return outcomes

    def _apply_one(self, run: Run, change: Change) -> Outcome:
        try:
            self._write(run, change)
        except LeaseLost:
            model.Session.rollback()
            raise
        except Exception as error:
            # Not only rolled back: what failed must leave no object behind for the next record.
            model.Session.remove()
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise LeaseLost(run.id) from error
            problem = _problem(error).of(change.remote_id)
            self._ledger.guard(run)
            self._ledger.settle_failed(run, change, problem)
            model.Session.commit()
            return Outcome(change.remote_id, problem)
        return Outcome(change.remote_id)

    def _write(self, run: Run, change: Change) -> None:
        package = model.Package.get(change.dataset_id)
        if change.action == "withdraw":
            self._withdraw(run, change, package)
            return
        dataset = _wanted(change)
        existing = _show(package.id) if package else None
        resource_ids = {r["id"] for r in (existing or {}).get("resources") or []}
        holdings = originals.holdings([*resource_ids, *(r.id for r in dataset.resources)])
        with datastore.Load() as load:
            self._keep_files(dataset)
            self._stage_tables(dataset, load)
            self._ledger.guard(run)
            gone = _note_contents(dataset, resource_ids, holdings)
            datastore.intend([*load.staged.items(), *((id_, "") for id_ in gone)])
            self._save(run, change, package, existing, holdings)
            _finish_tables(load, gone)
        _add_views(dataset, resource_ids)

    def _save(
        self,
        run: Run,
        change: Change,
        package: model.Package | None,
        existing: dict[str, Any] | None,
        holdings: Holdings,
    ) -> None:
        """The one transaction. Everything before is part of it; it ends committed."""
        dataset = _wanted(change)
        data = to_package(dataset, existing, holdings)
        if package is None or existing is None:
            name = free_name(change.title, change.dataset_id)
            self._ledger.settle(run, change, name)
            data.update(name=name, owner_org=run.source.org)
            # Without deferring, default views would commit before the dataset is whole.
            toolkit.get_action("package_create")(
                _context(defer_commit=True, return_id_only=True), data
            )
            model.Session.commit()
            return
        before = to_mapped(existing, holdings).to_json()
        self._ledger.settle(run, change, package.name, {**before, "state": package.state})
        data.update(name=package.name, owner_org=package.owner_org)
        if package.state == "deleted":
            _join_again(package)
        # CKAN commits in the end; where it finds nothing to save, it does not.
        toolkit.get_action("package_update")(_context(original_package=existing), data)
        model.Session.commit()

    def _withdraw(self, run: Run, change: Change, package: model.Package | None) -> None:
        existing = _show(package.id) if package else None
        holdings = originals.holdings([r["id"] for r in (existing or {}).get("resources") or []])
        before = to_mapped(existing, holdings).to_json() if existing else {}
        self._ledger.guard(run)
        name, state = (package.name, package.state) if package else ("", "")
        self._ledger.settle(run, change, name, {**before, "state": state})
        if package is not None and package.state != "deleted":
            toolkit.get_action("package_delete")(_context(), {"id": package.id})
        model.Session.commit()

    def _keep_files(self, dataset: MappedDataset) -> None:
        for resource in dataset.resources:
            if resource.file and not originals.exists(resource.file):
                originals.store(self._ledger.get_blob(resource.file))

    def _stage_tables(self, dataset: MappedDataset, load: datastore.Load) -> None:
        wanted = {r.id: r.table for r in dataset.resources if r.table}
        in_use = datastore.digests(list(wanted)) if wanted else {}
        for resource_id, digest in wanted.items():
            if in_use.get(resource_id) != digest:
                load.stage(resource_id, digest, decode_table(self._ledger.get_blob(digest)))


def _wanted(change: Change) -> MappedDataset:
    if change.dataset is None:
        raise ValueError(f"{change.action} of {change.remote_id} without a dataset")
    return change.dataset


def _join_again(package: model.Package) -> None:
    """Deleting a dataset ends its membership in the organisation; CKAN's update leaves it so."""
    model.Session.query(model.Member).filter(
        model.Member.table_id == package.id,
        model.Member.group_id == package.owner_org,
        model.Member.capacity == "organization",
    ).update({"state": "active"}, synchronize_session=False)


def _active(dataset_ids: Sequence[str]) -> list[str]:
    query = model.Session.query(model.Package.id).filter(
        model.Package.id.in_(dataset_ids), model.Package.state == "active"
    )
    return [row[0] for row in query]


def _show(dataset_id: str) -> dict[str, Any]:
    """The dataset as it is in the database, not as the index has it."""
    shown: dict[str, Any] = toolkit.get_action("package_show")(
        _context(use_cache=False), {"id": dataset_id}
    )
    return shown


def _context(**more: Any) -> Context:
    return Context(user=_site_user(), ignore_auth=True, **more)


@cache
def _site_user() -> str:
    """The name of the user in whose name harvests write; asked once for a catalogue."""
    user: dict[str, str] = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})
    return user["name"]


def _note_contents(dataset: MappedDataset, resource_ids: set[str], holdings: Holdings) -> list[str]:
    """Notes what each resource holds; returns the resources whose table is to go."""
    gone = []
    for resource in dataset.resources:
        if (resource.table, resource.file) != holdings.get(resource.id, (None, None)):
            originals.hold(resource.id, resource.table, resource.file)
    still = {r.id: r.table for r in dataset.resources}
    for resource_id in resource_ids | set(still):
        table, _ = holdings.get(resource_id, (None, None))
        if table and not still.get(resource_id):
            gone.append(resource_id)
            if resource_id not in still:
                originals.hold(resource_id, None, None)
    return gone


def _finish_tables(load: datastore.Load, gone: Sequence[str]) -> None:
    """The dataset is saved: what fails from here on is finished by `datastore.recover`."""
    try:
        load.swap()
        if gone:
            datastore.drop(gone)
        if load.staged or gone:
            datastore.settle([*load.staged.items(), *((id_, "") for id_ in gone)])
    except SQLAlchemyError:
        model.Session.rollback()
        log.exception("tables of %s are left for later", ", ".join([*load.staged, *gone]))


def _add_views(dataset: MappedDataset, resource_ids: set[str]) -> None:
    """Default views of the resources that are new; those of tables need the table."""
    wanted = {
        resource.id: bool(resource.table)
        for resource in dataset.resources
        if resource.id not in resource_ids
        and datapreview.get_default_view_plugins(bool(resource.table))
    }
    if not wanted:
        return
    shown = _show(dataset.id)
    for resource in shown["resources"]:
        if resource["id"] not in wanted:
            continue
        try:
            datapreview.add_views_to_resource(
                _context(), resource, shown, create_datastore_views=wanted[resource["id"]]
            )
        except (toolkit.ValidationError, toolkit.ObjectNotFound, SQLAlchemyError):
            model.Session.rollback()
            log.exception("no default view for resource %s", resource["id"])


def _problem(error: Exception) -> Problem:
    if isinstance(error, HarvestError):
        return error.problem
    if isinstance(error, ValidationError):
        detail = "; ".join(_sentences(error.error_dict))
    elif isinstance(error, SQLAlchemyError):
        log.warning("the database refuses a dataset", exc_info=error)
        detail = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    else:
        # A bug of ours or of a plugin: it is logged whole, and stops this record only.
        log.error("a dataset could not be written", exc_info=error)
        detail = type(error).__name__
    return Problem("refused_by_catalogue", params={"detail": detail[:1000]})


def _sentences(errors: Any, place: str = "") -> Iterator[str]:
    """CKAN's nested validation errors as ``field: message``."""
    if isinstance(errors, Mapping):
        for name, value in errors.items():
            yield from _sentences(value, f"{place}.{name}" if place else str(name))
    elif isinstance(errors, (list, tuple)):
        for number, value in enumerate(errors):
            nested = isinstance(value, Mapping)
            yield from _sentences(value, f"{place}[{number}]" if nested else place)
    else:
        yield f"{place}: {errors}" if place else str(errors)

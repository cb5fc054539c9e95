"""Files, tables and views of the datasets that the catalogue writes.

Files are stored before the dataset, by their SHA-256; tables are staged before it, where a wrong
one fails without a trace, and swapped after it. What a crash leaves open is finished from the
noted intents (`datastore.recover`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence

from ckan import model
from ckan.lib import datapreview
from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import datastore, originals
from ckanext.thanhhoa.package_form import Holdings
from sqlalchemy.exc import SQLAlchemyError

from harvesters.codec import decode_table
from harvesters.model import MappedDataset
from harvesters.ports import Ledger

log = logging.getLogger(__name__)


def keep_files(ledger: Ledger, datasets: Iterable[MappedDataset]) -> None:
    """Stores the files that are not yet there. Harmless when done twice."""
    datasets = list(datasets)
    originals.pin({r.file for dataset in datasets for r in dataset.resources if r.file})
    for dataset in datasets:
        for resource in dataset.resources:
            if resource.file and not originals.exists(resource.file):
                originals.store(ledger.get_blob(resource.file))


def stage_tables(ledger: Ledger, datasets: Iterable[MappedDataset], load: datastore.Load) -> None:
    """Loads the tables that differ from those in use beside them.

    So is one that is in use while another swap, or its drop, is noted: that would still come.
    """
    wanted = {r.id: r.table for dataset in datasets for r in dataset.resources if r.table}
    awaited = datastore.awaited(wanted) if wanted else set()
    in_use = datastore.digests(list(wanted)) if wanted else {}
    for resource_id, digest in wanted.items():
        if resource_id in awaited or in_use.get(resource_id) != digest:
            load.stage(resource_id, digest, decode_table(ledger.get_blob(digest)))


def note(
    written: Iterable[tuple[MappedDataset, Collection[str]]],
    holdings: Holdings,
    load: datastore.Load,
) -> list[str]:
    """Notes in the current transaction what each resource holds and which tables are to follow.

    `written` are datasets with the ids of the resources they had before. Returns the resources
    whose table is to go.
    """
    held: dict[str, tuple[str | None, str | None]] = {}
    gone = []
    for dataset, before in written:
        now = {r.id: (r.table, r.file) for r in dataset.resources}
        for resource_id in {*before, *now}:
            was, is_ = holdings.get(resource_id, (None, None)), now.get(resource_id, (None, None))
            if was != is_ and (resource_id in now or was[0]):
                held[resource_id] = is_
            if was[0] and not is_[0]:
                gone.append(resource_id)
    originals.hold_all(held)
    staged = load.staged
    datastore.intend([*((id_, d) for id_, d in staged.items()), *((id_, "") for id_ in gone)])
    return gone


def finish_tables(load: datastore.Load, gone: Sequence[str]) -> None:
    """The datasets are saved: what fails from here on is finished by `datastore.recover`."""
    try:
        load.swap()
        if gone:
            datastore.drop(gone)
        if load.staged or gone:
            datastore.settle([*load.staged.items(), *((id_, "") for id_ in gone)])
    except SQLAlchemyError:
        model.Session.rollback()
        log.exception("tables of %s are left for later", ", ".join([*load.staged, *gone]))


def add_views(dataset: MappedDataset, before: Collection[str], context: Context) -> None:
    """Default views of the resources that are new; those of tables need the table."""
    wanted = {
        resource.id: bool(resource.table)
        for resource in dataset.resources
        if resource.id not in before and datapreview.get_default_view_plugins(bool(resource.table))
    }
    if not wanted:
        return
    try:
        shown = toolkit.get_action("package_show")(
            Context({**context, "use_cache": False}), {"id": dataset.id}
        )
    except Exception:  # the dataset is written, whatever a plugin thinks of showing it
        model.Session.rollback()
        log.exception("no default views for dataset %s", dataset.id)
        return
    for resource in shown["resources"]:
        if resource["id"] not in wanted:
            continue
        try:
            datapreview.add_views_to_resource(
                Context({**context}),
                resource,
                shown,
                create_datastore_views=wanted[resource["id"]],
            )
        except (toolkit.ValidationError, toolkit.ObjectNotFound, SQLAlchemyError):
            model.Session.rollback()
            log.exception("no default view for resource %s", resource["id"])

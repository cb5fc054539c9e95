"""Do database and Solr say the same? Finding what differs, and sending it again by `index`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckanext.thanhhoa import config, index
from ckanext.thanhhoa.model import upkeep
from sqlalchemy.dialects.postgresql import insert

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """A dataset of which database and Solr say different things."""

    dataset_id: str
    kind: Literal["missing", "stale", "phantom", "visibility"]


def check() -> list[Difference]:
    """Every difference between database and Solr. What only waits to be sent is one, too."""
    in_database, in_solr = _database_facts(), _solr_facts()
    found = [Difference(id_, "phantom") for id_ in in_solr if id_ not in in_database]
    for id_, facts in in_database.items():
        indexed = in_solr.get(id_)
        if indexed is None:
            found.append(Difference(id_, "missing"))
        elif indexed.visibility != facts.visibility:
            found.append(Difference(id_, "visibility"))
        elif indexed != facts:
            found.append(Difference(id_, "stale"))
    return found


def reconcile() -> int:
    """Mends every difference and returns how many datasets were sent or removed."""
    return _send_again(difference.dataset_id for difference in check())


def reconcile_when_due() -> int:
    """`reconcile` by the first worker that finds it is time; the others leave it to that one.

    When it was last done is noted where all workers look: in a row of the ledger's `upkeep`.
    """
    minutes = config.reconcile_minutes()
    if minutes <= 0:
        return 0
    new = insert(upkeep).values(task="reconcile", done_at=sa.func.now())
    due = upkeep.c.done_at < sa.func.now() - sa.literal_column(f"interval '{minutes} minutes'")
    claim = new.on_conflict_do_update(
        index_elements=["task"], set_={"done_at": sa.func.now()}, where=due
    ).returning(upkeep.c.task)
    mine = model.Session.execute(claim).first() is not None
    model.Session.commit()
    if not mine:
        return 0
    mended = reconcile()
    if mended:
        log.warning("%d datasets differed between database and index, and were mended", mended)
    return mended


def rebuild() -> int:
    """Sends every dataset anew and removes what should not be there. Searching goes on."""
    return _send_again([*_database_facts(), *_solr_facts()])


def _send_again(dataset_ids: Iterable[str]) -> int:
    ids = list(dict.fromkeys(dataset_ids))
    with index.deferred():
        index.mark(ids)
        model.Session.commit()
    return index.flush()


class _Facts(NamedTuple):
    """What is compared: who may see it, where it belongs, and when it changed (milliseconds)."""

    visibility: tuple[str, str]
    modified: str


def _database_facts() -> dict[str, _Facts]:
    query = model.Session.query(
        model.Package.id,
        model.Package.private,
        model.Package.state,
        model.Package.metadata_modified,
    )
    if search.config.get("ckan.search.remove_deleted_packages"):
        query = query.filter(model.Package.state != "deleted")
    return {
        id_: _Facts(
            ("private" if private else "public", state), modified.isoformat(timespec="milliseconds")
        )
        for id_, private, state, modified in query
    }


def _solr_facts() -> dict[str, _Facts]:
    solr = search.make_connection(decode_dates=False)
    query = {
        "fq": f'+site_id:"{search.config["ckan.site_id"]}" +entity_type:package',
        "fl": "id,capacity,state,metadata_modified",
        "sort": "index_id asc",
        "rows": 1000,
        "cursorMark": "*",
    }
    return {
        document["id"]: _Facts(
            (document.get("capacity", ""), document.get("state", "")),
            _milliseconds(document.get("metadata_modified", "")),
        )
        for document in solr.search("*:*", **query)
    }


def _milliseconds(moment: str) -> str:
    """Solr leaves trailing zeros of a second's fraction out."""
    whole, _, fraction = moment.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<3.3}"

"""Where source and portal still differ over a dataset, for the people who edit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa.catalog import CkanCatalog
from ckanext.thanhhoa.change_words import thanhhoa_field_label
from ckanext.thanhhoa.ledger import Ledger
from ckanext.thanhhoa.model import record, source

from harvesters.conflicts import still_open
from harvesters.model import MappedDataset


def get_helpers() -> dict[str, Callable[..., Any]]:
    """Template helpers of this module."""
    return {"thanhhoa_open_conflicts": thanhhoa_open_conflicts}


def thanhhoa_open_conflicts(dataset_id: str) -> list[dict[str, Any]]:
    """``{source, field, label, resource, portal, says}`` for each field that is in conflict.

    The ledger remembers which fields once were; whether they still are is seen from what the source
    said last and what the portal holds now, so that an edit settles a conflict at once.
    """
    query = (
        sa.select(record.c.base, record.c.conflicts, source.c.name)
        .join(source, source.c.id == record.c.source_id)
        .where(record.c.dataset_id == dataset_id, record.c.active, record.c.base.is_not(None))
    )
    row = model.Session.execute(query).first()
    if row is None or not row.conflicts:
        return []
    now = CkanCatalog(Ledger()).current([dataset_id]).get(dataset_id)
    if now is None:
        return []
    names = {resource.id: resource.fields.get("name", "") for resource in now.resources}
    return [
        {
            "source": row.name,
            "field": conflict.field,
            "label": thanhhoa_field_label(conflict.field, bool(conflict.resource)),
            "resource": names.get(conflict.resource, "") if conflict.resource else "",
            "portal": conflict.before,
            "says": conflict.after,
        }
        for conflict in still_open(row.conflicts, MappedDataset.from_json(row.base), now)
    ]

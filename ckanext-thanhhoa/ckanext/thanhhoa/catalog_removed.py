"""Which harvested datasets people deleted in the portal."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa.model import record
from sqlalchemy.exc import OperationalError

from harvesters.errors import LeaseLost


def removed(source_id: str) -> set[str]:
    """Remote ids of active records whose dataset is deleted or purged; in one statement.

    What a harvest withdrew itself is no longer active. Raises LeaseLost when the database is away.
    """
    package = model.Package.__table__
    query = (
        sa.select(record.c.remote_id)
        .outerjoin(package, package.c.id == record.c.dataset_id)
        .where(
            record.c.source_id == source_id,
            record.c.active,
            sa.or_(package.c.id.is_(None), package.c.state == "deleted"),
        )
    )
    try:
        return set(model.Session.execute(query).scalars())
    except OperationalError as error:
        model.Session.remove()
        raise LeaseLost("") from error

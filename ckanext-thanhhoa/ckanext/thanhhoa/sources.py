"""The registered sources: rows, and the same as the engine's `Source`. Never gives a secret out."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import config, uploads, vault
from ckanext.thanhhoa.model import record, source
from ckanext.thanhhoa.schedule import next_due
from sqlalchemy.dialects.postgresql import insert

from harvesters.errors import HarvestError
from harvesters.fetch.copies import Bounds, FolderCopies
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.grants import is_local
from harvesters.fetch.grants import shown as shown_url
from harvesters.fetch.pace import Pace
from harvesters.fetch.uploads import is_upload
from harvesters.ports import Source
from harvesters.settings import parse_config
from schemas.text import nearest


def find(name_or_id: str) -> Any:
    """The row of an active source. Raises `source_unknown` with the nearest name if any."""
    query = sa.select(source).where(
        source.c.state == "active", sa.or_(source.c.id == name_or_id, source.c.name == name_or_id)
    )
    row = model.Session.execute(query).first()
    if row is None:
        near = nearest(name_or_id, names()) or ""
        raise HarvestError("source_unknown", name=name_or_id, nearest=near)
    return row


def by_id(source_id: str) -> Any:
    """The row of a source, removed ones included."""
    return model.Session.execute(sa.select(source).where(source.c.id == source_id)).one()


def names() -> list[str]:
    """Names of the active sources, sorted."""
    query = sa.select(source.c.name).where(source.c.state == "active").order_by(source.c.name)
    return list(model.Session.execute(query).scalars())


def listed(org_ids: Sequence[str] | None = None) -> list[Any]:
    """Rows of the active sources, of those organisations only when given, by name."""
    query = sa.select(source).where(source.c.state == "active").order_by(source.c.name)
    if org_ids is not None:
        query = query.where(source.c.org_id.in_(org_ids))
    return list(model.Session.execute(query))


def create(values: Mapping[str, Any], org_id: str, secret: str | None, by: str | None) -> str:
    """Adds a source (values as `source_settings.checked` gives them) and returns its id.

    A source that was removed comes back under its old id with what it knew of its records, so
    that its datasets are recognised and not doubled; but in its own organisation only, or another
    one's admins could read its runs and withdraw its datasets. Raises `source_exists`. Does not
    commit.
    """
    row = {
        **values,
        "org_id": org_id,
        "secret": vault.seal(secret) if secret else None,
        "state": "active",
        "created_by": by,
        "next_run_at": _due(values["name"], values["schedule"]),
    }
    new = insert(source).values(id=str(uuid.uuid4()), **row)
    revived = new.on_conflict_do_update(
        index_elements=[source.c.name],
        set_={**row, "updated_at": sa.func.now()},
        where=sa.and_(source.c.state == "deleted", source.c.org_id == org_id),
    ).returning(source.c.id)
    source_id = model.Session.execute(revived).scalar()
    if source_id is None:
        raise HarvestError("source_exists", name=values["name"])
    return str(source_id)


def update(row: Any, values: Mapping[str, Any], org_id: str, secret: str | None) -> None:
    """Changes a source. `secret` None leaves the stored one, empty forgets it. Does not commit."""
    changed: dict[str, Any] = {**values, "org_id": org_id, "updated_at": sa.func.now()}
    if secret is not None:
        changed["secret"] = vault.seal(secret) if secret else None
    if values["schedule"] != row.schedule:
        changed["next_run_at"] = _due(values["name"], values["schedule"])
    model.Session.execute(sa.update(source).where(source.c.id == row.id).values(changed))


def remove(source_id: str) -> None:
    """The source is no longer read; its secret is forgotten, its records are kept."""
    gone = {"state": "deleted", "secret": None, "schedule": "manual", "next_run_at": None}
    model.Session.execute(
        sa.update(source).where(source.c.id == source_id).values(**gone, updated_at=sa.func.now())
    )


def scheduled_again(row: Any) -> None:
    """Moves a source that was due to its next time. Does not commit."""
    due = _due(row.name, row.schedule)
    model.Session.execute(sa.update(source).where(source.c.id == row.id).values(next_run_at=due))


def due() -> list[Any]:
    """Rows of the sources whose time has come, locked against other workers' sweepers."""
    query = (
        sa.select(source)
        .where(source.c.state == "active", source.c.next_run_at <= sa.func.now())
        .order_by(source.c.next_run_at)
        .with_for_update(skip_locked=True)
    )
    return list(model.Session.execute(query))


def dataset_count(source_id: str) -> int:
    """How many datasets of the source are in the catalogue."""
    query = sa.select(sa.func.count()).where(record.c.source_id == source_id, record.c.active)
    return int(model.Session.execute(query).scalar() or 0)


def as_source(row: Any) -> Source:
    """The row as the engine knows it."""
    return Source(
        row.id,
        row.name,
        row.type,
        row.url,
        row.org_id,
        parse_config(row.config),
        tuple(row.allow),
    )


def fetcher(row: Any, **limits: Any) -> Fetcher:
    """What this source may reach, signing in with this source's secret and no other."""
    known = as_source(row)
    sealed = row.secret
    folder = config.reading_dir()
    bounds = Bounds(max_bytes=config.copies_bytes())
    return Fetcher(
        known.allow,
        replace(known.config.fetch, **limits),
        known.config.auth,
        lambda reference: vault.resolve(reference, sealed),
        home=known.url,
        proxy=config.proxy(),
        pace=Pace(os.path.join(folder, "pace")) if folder else None,
        copies=FolderCopies(os.path.join(folder, "copies"), known.id, bounds) if folder else None,
        uploads=uploads.SourceUploads(row.id),
    )


def shown(row: Any) -> dict[str, Any]:
    """A source as the API gives it. Whether there is a secret can be seen, never which."""
    return {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "url": row.url if is_local(row.url) or is_upload(row.url) else shown_url(row.url),
        "owner_org": row.org_id,
        "config": row.config,
        "allow": list(row.allow),
        "schedule": row.schedule,
        "next_run_at": row.next_run_at.isoformat() if row.next_run_at else None,
        "has_secret": row.secret is not None,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
        "datasets": dataset_count(row.id),
    }


def _due(name: str, schedule: str) -> datetime | None:
    return next_due(schedule, datetime.now(UTC), sum(name.encode()))

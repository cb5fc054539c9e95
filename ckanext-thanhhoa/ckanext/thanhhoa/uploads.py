"""Uploaded files of sources: one for each, with what was said of how to read it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Protocol

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import config
from ckanext.thanhhoa.model import upload
from sqlalchemy.dialects.postgresql import insert

from harvesters.errors import HarvestError
from harvesters.fetch.body import size_in_words
from harvesters.fetch.uploads import Upload
from harvesters.sources.upload import check_hints
from harvesters.tables.workbook import SUFFIXES
from schemas.text import composed

#: Source types whose file is uploaded.
TYPE = "upload"
_LONGEST_NAME = 200


class Stream(Protocol):
    """Something to read bytes from: an uploaded form field, an open file."""

    def read(self, size: int = -1, /) -> bytes: ...


class SourceUploads:
    """The uploaded file of one source, for the fetcher."""

    def __init__(self, source_id: str):
        self._source_id = source_id

    def current(self) -> Upload | None:
        size = sa.func.length(upload.c.content)
        row = self._row(sa.select(upload.c.name, upload.c.sha256, size, upload.c.hints))
        return Upload(*row) if row is not None else None

    def content(self) -> bytes:
        row = self._row(sa.select(upload.c.content))
        if row is None:
            raise HarvestError("no_upload")
        return bytes(row[0])

    def _row(self, query: Any) -> Any:
        """No transaction stays open on account of this while the source is read."""
        began_here = not model.Session().in_transaction()
        row = model.Session.execute(query.where(upload.c.source_id == self._source_id)).first()
        if began_here:
            model.Session.commit()
        return row


def keep(source: Any, name: str, stream: Stream, by: str | None) -> None:
    """The file takes the place of the one before; what was said of that one is kept.

    Raises `upload_refused` for what is no workbook or CSV file by its name or is empty,
    `too_large`. Does not commit.
    """
    _only_uploads(source)
    name = composed(PurePosixPath(name.replace("\\", "/")).name).strip()[-_LONGEST_NAME:]
    most = config.upload_bytes()
    content = stream.read(most + 1)
    if len(content) > most:
        raise HarvestError("too_large", where=name, limit=size_in_words(most))
    if not content.strip(b"\x00 \r\n\t") or not name.lower().endswith(SUFFIXES):
        raise HarvestError("upload_refused", where=name or "—")
    values = {
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": content,
        "uploaded_by": by,
        "uploaded_at": sa.func.now(),
    }
    new = insert(upload).values(source_id=source.id, **values)
    model.Session.execute(
        new.on_conflict_do_update(index_elements=[upload.c.source_id], set_=values)
    )


def say(source: Any, hints: Mapping[str, Any]) -> None:
    """What a person says of how to read the file, in place of what was said before.

    Raises `no_upload`, `bad_setting`, `unknown_setting`. Does not commit.
    """
    _only_uploads(source)
    changed = sa.update(upload).where(upload.c.source_id == source.id)
    done = model.Session.execute(
        changed.values(hints=check_hints(hints)).returning(upload.c.source_id)
    ).first()
    if done is None:
        raise HarvestError("no_upload")


def facts(source_id: str) -> dict[str, Any] | None:
    """What is kept of a source's file, without its bytes; None before the first upload.

    `{"name", "size", "sha256", "hints", "uploaded_by", "uploaded_at"}`.
    """
    size = sa.func.length(upload.c.content).label("size")
    columns = (
        upload.c.name, size, upload.c.sha256, upload.c.hints, upload.c.uploaded_by,
        upload.c.uploaded_at,
    )  # fmt: skip
    row = model.Session.execute(sa.select(*columns).where(upload.c.source_id == source_id)).first()
    if row is None:
        return None
    return {**row._mapping, "uploaded_at": row.uploaded_at.isoformat()}


def _only_uploads(source: Any) -> None:
    if source.type != TYPE:
        raise HarvestError("bad_setting", where=source.name, key="type", expected=TYPE)

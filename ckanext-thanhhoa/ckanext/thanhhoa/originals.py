"""Files as published, kept by their SHA-256 in CKAN's file storage and never overwritten.

CKAN's own uploads lie at the resource's id and are overwritten by the next version. Here
``thanhhoa.resource_content`` says which bytes a resource has, so that a version can come back, and
the row changes in the transaction of the dataset.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Collection, Mapping
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib import files
from ckan.lib.uploader import FKResourceUpload
from ckan.plugins import toolkit
from ckanext.thanhhoa.model import resource_content
from ckanext.thanhhoa.names import file_name
from sqlalchemy.dialects.postgresql import insert

from schemas.text import nfc


def storage() -> files.Storage:
    """The storage of CKAN's resources."""
    return files.get_storage(toolkit.config["ckan.files.default_storages.resource"])


def location(digest: str) -> files.Location:
    """Where the bytes with this SHA-256 lie."""
    return files.Location(f"sha256/{digest[:2]}/{digest[2:4]}/{digest}")


def store(content: bytes) -> str:
    """Keeps the bytes and returns their SHA-256; what is there already is left alone."""
    digest = hashlib.sha256(content).hexdigest()
    _place(files.make_upload(BytesIO(content)), digest)
    return digest


def pin(digests: Collection[str]) -> None:
    """Until the end of the transaction none of these is removed; see `remove_unless`."""
    locks = sa.text("SELECT pg_advisory_xact_lock_shared(hashtextextended(d, 0)) FROM unnest(:d) d")
    if digests:
        model.Session.execute(locks, {"d": sorted(digests)})


def remove_unless(digest: str, needed: Callable[[], bool]) -> bool:
    """Removes the bytes, unless they are `needed` or a writer is about to need them. Commits."""
    lock = sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:d, 0))")
    mine = model.Session.execute(lock, {"d": digest}).scalar() and not needed()
    if mine and exists(digest):
        storage().remove(files.FileData(location(digest)))
    model.Session.commit()
    return bool(mine)


def exists(digest: str) -> bool:
    """Whether the bytes with this SHA-256 are kept."""
    return storage().exists(files.FileData(location(digest)))


def holdings(resource_ids: Collection[str]) -> dict[str, tuple[str | None, str | None]]:
    """(digest of the table, digest of the file) of the resources that hold either."""
    query = sa.select(resource_content).where(resource_content.c.resource_id.in_(resource_ids))
    rows = model.Session.execute(query)
    return {row.resource_id: (row.table_digest, row.file_digest) for row in rows}


def hold(resource_id: str, table: str | None, file: str | None) -> None:
    """Notes in the current transaction what a resource holds."""
    hold_all({resource_id: (table, file)})


def hold_all(held: Mapping[str, tuple[str | None, str | None]]) -> None:
    """`hold` for many resources (id -> digests of table and file), in one statement."""
    if not held:
        return
    new = insert(resource_content)
    values = {name: new.excluded[name] for name in ("table_digest", "file_digest")}
    rows = [
        {"resource_id": id_, "table_digest": table, "file_digest": file}
        for id_, (table, file) in held.items()
    ]
    upsert = new.on_conflict_do_update(index_elements=["resource_id"], set_=values)
    model.Session.execute(upsert, rows)


def uploader_for(resource: dict[str, Any]) -> OriginalUpload:
    """What CKAN asks for when a resource is saved or downloaded."""
    return OriginalUpload(resource)


class OriginalUpload(FKResourceUpload):
    """CKAN's uploader of resources, with the bytes at their SHA-256."""

    def __init__(self, resource: dict[str, Any]) -> None:
        given = getattr(resource.get("upload"), "filename", None)
        super().__init__(resource)
        if self.filename:
            resource["filename"] = nfc(given or self.filename)
            resource["url"] = file_name(resource["filename"])
            self._digest = _sha256(self.upload_file)
            resource["hash"], resource["hash_algorithm"] = self._digest, "sha256"

    def get_path(self, id: str) -> files.Location:
        _, digest = holdings([id]).get(id, (None, None))
        return location(digest) if digest else super().get_path(id)

    def upload(self, id: str, max_size: int = 10) -> None:
        if not self.filename:
            return  # a cleared upload keeps its bytes: an older version may be wanted back
        try:
            _place(self.upload_file, self._digest)
        except files.exc.LargeUploadError as error:
            raise toolkit.ValidationError({"upload": [str(error)]}) from error
        hold(id, None, self._digest)


def _sha256(upload: files.Upload) -> str:
    digest = hashlib.sha256()
    for chunk in iter(lambda: upload.stream.read(1 << 20), b""):
        digest.update(chunk)
    upload.stream.seek(0)
    return digest.hexdigest()


def _place(upload: files.Upload, digest: str) -> None:
    """Writes under another name and moves: a crash never leaves half a file at its digest."""
    pin([digest])
    if exists(digest):
        return
    draft = storage().upload(files.Location(f"sha256/incoming/{uuid.uuid4()}"), upload)
    storage().move(location(digest), draft)

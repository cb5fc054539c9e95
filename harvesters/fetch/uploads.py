"""Files that people uploaded in the portal, read like those of a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import yaml

from harvesters.errors import HarvestError
from harvesters.fetch import Entry
from harvesters.fetch.response import Response

#: The address of a source whose file is uploaded.
URL = "upload://"
_FILE, _WORDS = f"{URL}file", f"{URL}words"


@dataclass(frozen=True)
class Upload:
    """The file that a source has now. `hints` are the words on how to read it, as in a YAML
    beside a file (`harvesters.sources._description`)."""

    name: str
    sha256: str
    size: int
    hints: Mapping[str, Any]


class Uploads(Protocol):
    """The uploaded file of one source."""

    def current(self) -> Upload | None:
        """What was uploaded last; None before the first time."""

    def content(self) -> bytes:
        """The bytes of it."""


def is_upload(location: str) -> bool:
    """Whether a location is the portal's own store of uploaded files."""
    return location.lower().startswith(URL)


def entries(uploads: Uploads | None) -> tuple[Entry, ...]:
    """The file and, beside it, what a person said of it. Raises `no_upload` without a file."""
    upload = _current(uploads)
    words = _document(upload)
    said = hashlib.sha256(words).hexdigest()
    found = [Entry(upload.name, _FILE, upload.size, f"sha256:{upload.sha256}")]
    if upload.hints:
        found.append(Entry(f"{upload.name}.yaml", _WORDS, len(words), said))
    return tuple(found)


def read(uploads: Uploads | None, location: str) -> Response:
    """The bytes behind one of the locations that `entries` gave."""
    upload = _current(uploads)
    if location == _WORDS:
        return Response(f"{upload.name}.yaml", _document(upload))
    if location != _FILE or uploads is None:
        raise HarvestError("no_such_file", where=location)
    return Response(upload.name, uploads.content())


def _current(uploads: Uploads | None) -> Upload:
    upload = uploads.current() if uploads is not None else None
    if upload is None:
        raise HarvestError("no_upload")
    return upload


def _document(upload: Upload) -> bytes:
    return yaml.safe_dump(dict(upload.hints), allow_unicode=True, sort_keys=True).encode()

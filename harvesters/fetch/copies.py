"""The last good copy of what a source sent, so that it need not send again what did not change.

A copy answers one thing only: a server's own "304 Not Modified". A request that fails fails,
whatever copies there are: old data is never passed off as fresh.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harvesters.fetch.response import Response

#: Header of an answer -> header of the question whether it still holds (RFC 9110, 13.1).
VALIDATORS = {"etag": "if-none-match", "last-modified": "if-modified-since"}
#: What is kept of an answer's headers: what tells what it is. Cookies and the like are not.
_FILE = 4096  #: what a file takes, however little is in it
_KEPT_HEADERS = (*VALIDATORS, "content-type", "content-disposition", "link")


class Copies(Protocol):
    """Where the copies of one source are kept."""

    def find(self, url: str, headers: Mapping[str, str]) -> Response | None:
        """The last good answer to this very question, whole and undamaged; None if none is kept.

        `headers` are those that the source asked with; an answer to others is another answer.
        """

    def keep(self, url: str, headers: Mapping[str, str], answer: Response) -> None:
        """Keeps an answer with status 200 and a validator in place of an older one."""


def conditions(kept: Response) -> dict[str, str]:
    """The headers that ask a server whether a copy still holds."""
    return {
        condition: kept.headers[name]
        for name, condition in VALIDATORS.items()
        if kept.headers.get(name)
    }


def may_be_kept(answer: Response) -> bool:
    """Whether a server lets us ask later whether this answer still holds."""
    forbidden = "no-store" in answer.headers.get("cache-control", "").lower()
    return (
        answer.status == 200
        and not forbidden
        and any(answer.headers.get(name) for name in VALIDATORS)
    )


@dataclass(frozen=True)
class Bounds:
    """How much is kept of one source: bytes in all, and seconds since a copy was last of use."""

    max_bytes: int = 500_000_000
    max_age: float = 90 * 86400.0


class FolderCopies:
    """Copies in a folder of this machine, one pair of files for each question.

    The folder is a cache: it may be emptied at any time, and each machine has its own. Names are
    digests of source and question, so that neither a URL nor a key in it stands in a name; the
    folder is for its owner only, since a copy may be of something that needs signing in.
    """

    def __init__(
        self,
        folder: str,
        source_id: str,
        bounds: Bounds = Bounds(),
        clock: Callable[[], float] = time.time,
    ):
        self._folder = Path(folder, hashlib.sha256(source_id.encode()).hexdigest()[:32])
        self._bounds = bounds
        self._clock = clock
        self._written = bounds.max_bytes  # so that the first copy looks what has grown old

    def find(self, url: str, headers: Mapping[str, str]) -> Response | None:
        head, body = self._paths(url, headers)
        try:
            said = json.loads(head.read_bytes())
            content = body.read_bytes()
        except (OSError, ValueError):
            return None
        if not _is_whole(said, content):
            return None
        now = self._clock()
        for path in (head, body):
            with contextlib.suppress(OSError):  # tidied away by another process
                os.utime(path, (now, now))
        return Response(said["url"], content, 200, said["headers"])

    def keep(self, url: str, headers: Mapping[str, str], answer: Response) -> None:
        if len(answer.content) > self._bounds.max_bytes:
            return
        head, body = self._paths(url, headers)
        kept = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        said = {"url": answer.url, "headers": kept, "sha256": _sha256(answer.content)}
        # A full disk costs the copy, never the reading.
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(body, answer.content)
            self._write(head, json.dumps(said).encode())
            self._written += len(answer.content) + _FILE
            if self._written > self._bounds.max_bytes // 10:
                self._written = 0
                self.tidy()

    def tidy(self) -> None:
        """Deletes what was of no use for long, then the longest unused until the rest fits."""
        now = self._clock()
        found = sorted((_facts(path) for path in self._folder.glob("*.body")), reverse=True)
        size = 0
        for used, length, path in found:
            size += length + _FILE
            if size > self._bounds.max_bytes or now - used > self._bounds.max_age:
                path.with_suffix(".head").unlink(missing_ok=True)
                path.unlink(missing_ok=True)

    def _paths(self, url: str, headers: Mapping[str, str]) -> tuple[Path, Path]:
        asked = sorted((name.lower(), value) for name, value in headers.items())
        name = hashlib.sha256(json.dumps([url, asked]).encode()).hexdigest()
        return self._folder / f"{name}.head", self._folder / f"{name}.body"

    def _write(self, path: Path, content: bytes) -> None:
        """Under another name first: a crash leaves no half copy."""
        descriptor, draft = tempfile.mkstemp(dir=self._folder)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
            now = self._clock()
            os.utime(draft, (now, now))
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise


def _is_whole(said: object, content: bytes) -> bool:
    return (
        isinstance(said, dict)
        and isinstance(said.get("headers"), dict)
        and isinstance(said.get("url"), str)
        and said.get("sha256") == _sha256(content)
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _facts(path: Path) -> tuple[float, int, Path]:
    try:
        facts = path.stat()
    except OSError:
        return 0.0, 0, path
    return facts.st_mtime, facts.st_size, path

"""A body too large to hold: kept on disk, read piece by piece, JSON record by record."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import IO, Any

import ijson

from harvesters.errors import HarvestError
from harvesters.fetch.response import looks_like_html

#: Bodies up to this many bytes stay in memory.
IN_MEMORY = 4_000_000
#: Brackets within brackets; a body that nests deeper is no data, but an attempt on the memory.
MAX_DEPTH = 200
_STEP = 65536
_BOM = b"\xef\xbb\xbf"
#: A whole string (taken out), or the begin of one that the piece cuts off (kept).
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"|("(?:[^"\\]++|\\.)*+\\?\Z)', re.DOTALL)
_OPENING = b"[{"
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def scratch() -> IO[bytes]:
    """A file for one body that is gone when it is closed."""
    return tempfile.SpooledTemporaryFile(IN_MEMORY)


@dataclass(frozen=True)
class Streamed:
    """A whole body within the caps, to be used in a `with`. See `Response` for url and headers.

    It has come to its end before anybody sees it, so that a cut line is asked again, not found
    out in the middle of the records. `file` stands at its begin; other parsers (XML) take it.
    """

    url: str
    file: IO[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)

    def __enter__(self) -> Streamed:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page, whatever its Content-Type says."""
        return looks_like_html(self._start())

    def json_items(self, path: str) -> Iterator[Any]:
        """The items of the JSON list at a path of names with dots ("" is the body itself).

        One at a time, so that memory is bounded by the largest. Whole numbers are int, others
        float. Raises as `Response.json`, at the place where it is; `unexpected_answer` when there
        is no list at the path. Unlike there, NaN is an error.
        """
        start = self._start()
        if self.is_html:
            raise HarvestError("html_instead_of_data", where=self.url)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise HarvestError("unknown_encoding", where=self.url, at=0)
        if not start.removeprefix(_BOM).strip():
            raise HarvestError("truncated", where=self.url, at=0)
        prefix = f"{path}.item" if path else "item"
        try:
            if not self._has_list(path):
                raise HarvestError("unexpected_answer", where=self.url, detail=path or "[…]")
            yield from ijson.items(self._pieces(), prefix, buf_size=_STEP, use_float=True)
        except ijson.JSONError as error:
            raise self._broken(error) from error

    def _has_list(self, path: str) -> bool:
        events = ijson.parse(self._pieces(), buf_size=_STEP, use_float=True)
        return any(prefix == path and event == "start_array" for prefix, event, _ in events)

    def _broken(self, error: ijson.JSONError) -> HarvestError:
        words = str(error)
        at = self.file.tell()
        if "UTF" in words:
            return HarvestError("unknown_encoding", where=self.url, at=at)
        cut = isinstance(error, ijson.IncompleteJSONError) and not self.file.read(1)
        code = "truncated" if cut and "premature" in words else "not_json"
        return HarvestError(code, where=self.url, at=at)

    def _start(self) -> bytes:
        self.file.seek(0)
        start = self.file.read(1024)
        self.file.seek(0)
        return start

    def _pieces(self) -> _Pieces:
        self.file.seek(len(_BOM) if self._start().startswith(_BOM) else 0)
        return _Pieces(self.file.read, _Depth(self.url))


class _Pieces:
    """What ijson reads from: each piece is looked at before it is parsed."""

    def __init__(self, read: Callable[[int], bytes], depth: _Depth):
        self._read = read
        self._depth = depth

    def read(self, size: int) -> bytes:
        piece = self._read(size)
        self._depth.feed(piece)
        return piece


class _Depth:
    """Counts open brackets from piece to piece. Raises `too_deep`."""

    def __init__(self, where: str):
        self._where = where
        self._depth = 0
        self._inside = False
        self._escaped = False

    def feed(self, piece: bytes) -> None:
        if not piece:
            return
        if self._escaped:
            piece = piece[1:]
        bare = _STRING.sub(rb"\1", b'"' + piece if self._inside else piece)
        at = bare.find(b'"')
        self._inside = at >= 0
        self._escaped = False
        if self._inside:
            tail = bare[at:]
            self._escaped = (len(tail) - len(tail.rstrip(b"\\"))) % 2 == 1
            bare = bare[:at]
        brackets = bare.translate(None, _NO_BRACKETS)
        steps = (1 if bracket in _OPENING else -1 for bracket in brackets)
        for depth in accumulate(steps, initial=self._depth):
            if depth > MAX_DEPTH:
                raise HarvestError("too_deep", where=self._where)
            self._depth = depth
